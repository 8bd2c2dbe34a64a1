import Foundation
import Jobs
import SystemPackage

/// Where a file lies in the inbox: a folder below it, and a name.
package struct InboxPath: Hashable, Sendable {
    /// Path below the inbox; empty for the inbox itself.
    package let folder: FileName
    package let name: FileName

    package init(folder: FileName, name: FileName) {
        self.folder = folder
        self.name = name
    }

    /// The path below the inbox, as people write it.
    package var relative: FileName { folder.appending(name) }

    /// Follows a path relative to `folder`, such as a sidecar's `masks/still.png`.
    package init(from folder: FileName, following path: FileName) {
        let parts = path.bytes.split(separator: UInt8(ascii: "/")).map(Array.init)
        let parent = parts.dropLast().reduce(folder) { $0.appending(FileName(bytes: $1)) }
        self.init(folder: parent, name: FileName(bytes: parts.last ?? []))
    }
}

extension FileName {
    /// This path with one more component.
    package func appending(_ name: FileName) -> FileName {
        isEmpty ? name : FileName(bytes: bytes + [UInt8(ascii: "/")] + name.bytes)
    }

    /// The path of the folder that holds this one; nil for the inbox itself.
    package var parent: FileName? {
        guard !isEmpty else { return nil }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return FileName("") }
        return FileName(bytes: Array(bytes[..<slash]))
    }

    /// The inbox, then each folder on the way, then this one.
    package var wayDown: [FileName] {
        var way = [self]
        while let next = way.last?.parent { way.append(next) }
        return way.reversed()
    }

    /// Whether this folder is `other` or lies below it.
    package func isWithin(_ other: FileName) -> Bool {
        other.isEmpty || self == other || bytes.starts(with: other.bytes + [UInt8(ascii: "/")])
    }

    /// The last component.
    package var lastComponent: FileName {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return self }
        return FileName(bytes: Array(bytes[(slash + 1)...]))
    }

    /// How two names are compared: without case, and with accents composed, since a Mac sends them decomposed.
    package var folded: String { text.folded }
}

extension String {
    /// See `FileName.folded`.
    package var folded: String { precomposedStringWithCanonicalMapping.lowercased() }
}

extension FilePath {
    /// This path with a relative one below it, byte for byte.
    package func appending(_ name: FileName) -> FilePath {
        guard !name.isEmpty else { return self }
        return (name.bytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
            // The array ends in NUL, so its base address is a C string and never nil.
            guard let start = buffer.baseAddress else { return self }
            return self.pushing(FilePath(platformString: start))
        }
    }
}
