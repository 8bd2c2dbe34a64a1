import Foundation
import Jobs
import SystemPackage

/// What a folder holds, to find out whether a name is free there also for people who see it through a share on which case does not
/// count.
struct FolderNames {
    private let folder: FilePath
    private let names: [[UInt8]]

    /// Blocks while it reads. A folder that is not there holds nothing.
    init(of folder: FilePath) throws(FileError) {
        self.folder = folder
        do throws(FileError) {
            names = try FileSystem.names(in: folder)
        } catch {
            guard error.code == .noSuchFileOrDirectory else { throw error }
            names = []
        }
    }

    /// Whether nothing has this name now, and nothing had one that differs from it only by case or by how its accents are written.
    func isFree(_ name: FileName) throws(FileError) -> Bool {
        if try FileSystem.status(of: folder.appending(name)) != nil { return false }
        let (plain, folded) = (Self.isPlain(name.bytes), name.folded)
        let lowered = name.bytes.map(Self.lowered)
        return !names.contains { other in
            // Nearly all names are ASCII, and folders may be large.
            if Self.isPlain(other) { return plain && other.elementsEqual(lowered) { Self.lowered($0) == $1 } }
            return FileName(bytes: other).folded == folded
        }
    }

    private static func isPlain(_ name: [UInt8]) -> Bool { name.allSatisfy { $0 < 0x80 } }
    private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
}

extension FileSystem {
    /// The names in a folder, without looking at what they are.
    fileprivate static func names(in folder: FilePath) throws(FileError) -> [[UInt8]] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { throw FileError("list", folder) }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        errno = 0
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) { start in
                        UnsafeRawBufferPointer(start: start, count: strlen(start)).map(\.self)
                    }
                })
            errno = 0
        }
        guard errno == 0 else { throw FileError("list", folder) }
        return names
    }
}
