import Foundation
import Jobs
import Synchronization
import SystemPackage

/// Names that are being written to, so that two tasks that write the same file at once do not share one.
private let namesInUse = Mutex<Set<FilePath>>([])

extension FileSystem {
    /// Gives `work` a name beside `target` at which there is nothing, and takes away what is left of it where `work` fails.
    ///
    /// The name follows from the target's, so that doing it again after a crash takes away what the crash left.
    static func withTemporaryName<Place: FileLocation>(
        beside target: Place, _ work: (Place) throws(FileError) -> Void
    ) throws(FileError) {
        let name = target.path.withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
        let folder = target.removingLastComponent()
        let temporary = namesInUse.withLock { names in
            var number = 0
            while true {
                let mark = number == 0 ? [] : Array("#\(number)".utf8)
                let candidate = folder.appending(NameRules.temporary(for: name + mark))
                if names.insert(candidate.path).inserted { return candidate }
                number += 1
            }
        }
        defer { _ = namesInUse.withLock { $0.remove(temporary.path) } }
        try remove(temporary)
        do throws(FileError) {
            try work(temporary)
        } catch {
            // What made the work fail may keep this from succeeding too; the next try begins with it.
            try? remove(temporary)
            throw error
        }
    }
}

extension NameRules {
    /// A name for something that is not finished yet; the same for the same key.
    static func temporary(for key: [UInt8]) -> FileName {
        FileName(".hotreel-\(FileSystem.hash(of: key).prefix(16)).tmp")
    }

    /// Whether a name was given by `temporary(for:)`.
    package static func isOwnTemporary(_ name: FileName) -> Bool {
        name.text.hasPrefix(".hotreel-") && name.text.hasSuffix(".tmp")
    }
}
