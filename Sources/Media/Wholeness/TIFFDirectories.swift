import SystemPackage

/// Follows a TIFF's chain of directories, BigTIFF's too, through the offset that ends it (TIFF 6.0, section 2): readers
/// forgive a chain that breaks off. Whether the pixels are there, only decoding tells.
enum TIFFDirectories {
    private static let mostPages = 10_000

    static func extent(of content: FileBytes) throws(Errno) -> ContentExtent {
        let stopsEarly = ContentExtent.unfinished(
            reason: "the TIFF stops after \(content.count) bytes, before the end of its directory")
        let bigEndian = try content.byte(at: 0) == UInt8(ascii: "M")
        let isBig = try content.integer(UInt16.self, at: 2, bigEndian: bigEndian) == 43
        func offset(at position: Int) throws(Errno) -> Int? {
            isBig
                ? try content.integer(UInt64.self, at: position, bigEndian: bigEndian).map { Int(clamping: $0) }
                : try content.integer(UInt32.self, at: position, bigEndian: bigEndian).map { Int($0) }
        }
        guard var directory = try offset(at: isBig ? 8 : 4) else { return stopsEarly }
        guard directory > 0 else { return .unfinished(reason: "the TIFF has no picture in it") }
        for _ in 0..<mostPages where directory > 0 {
            guard directory < content.count else { return stopsEarly }
            let entries =
                isBig
                ? try content.integer(UInt64.self, at: directory, bigEndian: bigEndian).map { Int(clamping: $0) }
                : try content.integer(UInt16.self, at: directory, bigEndian: bigEndian).map { Int($0) }
            guard let entries, entries <= UInt16.max else { return stopsEarly }
            let end = directory + (isBig ? 8 + entries * 20 : 2 + entries * 12)
            guard let next = try offset(at: end) else { return stopsEarly }
            directory = next
        }
        return .complete(end: content.count)
    }
}
