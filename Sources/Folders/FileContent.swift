import Crypto
import SystemPackage

extension FileSystem {
    /// At most `limit` bytes from the start of a file.
    package static func read(_ place: some FileLocation, limit: Int) throws(FileError) -> [UInt8] {
        try OpenFile(place).read(limit: limit)
    }

    /// SHA-256 of a file's content as hex digits, and its size.
    package static func hash(_ place: some FileLocation) throws(FileError) -> (sha256: String, bytes: Int) {
        try OpenFile(place).hash()
    }

    package static func hash(of bytes: [UInt8]) -> String { SHA256.hash(data: bytes).hexDigits }

    /// See `OpenFile.hasWriter`.
    package static func hasWriter(_ place: some FileLocation) throws(FileError) -> Bool {
        try OpenFile(place).hasWriter
    }
}
