import Foundation
import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A folder of a test's own, gone with everything in it when the value is released.
///
/// Names are bytes throughout, so a test may use ones that are not UTF-8.
package final class TemporaryFolder: Sendable {
    package let path: FilePath

    package init() throws {
        var template = Array(FileManager.default.temporaryDirectory.path.utf8CString.dropLast())
        template += "/hotreel-test-XXXXXX".utf8CString
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = FilePath(platformString: template)
    }

    deinit { Self.remove(path) }

    /// The path of something in this folder.
    package subscript(_ name: String) -> FilePath { path.appending(name) }

    /// The path of something whose name is given as bytes.
    package func file(bytes name: [UInt8]) -> FilePath {
        FilePath(
            platformString: path.withPlatformString { Array(UnsafeBufferPointer(start: $0, count: strlen($0))) }
                + [CChar(UInt8(ascii: "/"))] + name.map { CChar(bitPattern: $0) } + [0])
    }

    /// Writes a file, and makes the folders above it.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> FilePath {
        try write(bytes, to: self[name])
    }

    @discardableResult
    package func write(_ text: String, to name: String) throws -> FilePath { try write(text.utf8, to: self[name]) }

    @discardableResult
    package func write(_ text: String, to file: FilePath) throws -> FilePath { try write(text.utf8, to: file) }

    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>, to file: FilePath) throws -> FilePath {
        try Self.makeFolder(file.removingLastComponent())
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        return file
    }

    /// Makes a folder, and those above it.
    @discardableResult
    package func folder(_ name: String) throws -> FilePath {
        try Self.makeFolder(self[name])
        return self[name]
    }

    package func text(of name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: self[name].string)), as: UTF8.self)
    }

    /// Removes a file, or a folder with all below it.
    package func remove(_ name: String) { Self.remove(self[name]) }

    package func exists(_ name: String) -> Bool {
        var status = stat()
        return self[name].withPlatformString { lstat($0, &status) } == 0
    }

    /// Everything that is not a folder, dot-files included, as sorted paths below `folder`.
    package func files(in folder: String = "") -> [String] {
        Self.listing(folder.isEmpty ? path : self[folder]).sorted()
    }

    private static func listing(_ folder: FilePath) -> [String] {
        names(in: folder).flatMap { name in
            let path = folder.appending(name)
            return isFolder(path) ? listing(path).map { "\(name.string)/\($0)" } : [name.string]
        }
    }

    private static func names(in folder: FilePath) -> [FilePath.Component] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { return [] }
        defer { closedir(stream) }
        var names: [FilePath.Component] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath.Component(platformString: $0) }
            }
            if let name, name.kind == .regular { names.append(name) }
        }
        return names
    }

    private static func isFolder(_ path: FilePath) -> Bool {
        var status = stat()
        return path.withPlatformString { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func makeFolder(_ path: FilePath) throws {
        if path.isEmpty || isFolder(path) { return }
        try makeFolder(path.removingLastComponent())
        guard path.withPlatformString({ mkdir($0, 0o755) }) == 0 || errno == EEXIST else {
            throw Errno(rawValue: errno)
        }
    }

    private static func remove(_ path: FilePath) {
        if isFolder(path) {
            // A test may have taken the rights away.
            _ = path.withPlatformString { chmod($0, 0o700) }
            for name in names(in: path) { remove(path.appending(name)) }
            _ = path.withPlatformString { rmdir($0) }
        } else {
            _ = path.withPlatformString { unlink($0) }
        }
    }
}
