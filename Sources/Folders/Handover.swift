import Foundation
import Jobs
import SystemPackage

/// The way of one file from a claim folder to the outbox, so that doing it again, whichever call a crash or a full disk cut
/// short, ends with exactly one file there.
///
/// On one file system it is a rename. To another one:
/// 1. copy it, synced, to a temporary name beside its destination;
/// 2. rename it from its place to `leaving/`, which says that the copy is complete;
/// 3. rename the copy to its final name;
/// 4. remove it from `leaving/`.
///
/// Without the second step nobody could tell, after a crash before the fourth, the file's own copy from somebody else's file of
/// the same content.
struct Handover {
    let source: RootedPath
    let leaving: RootedPath
    /// The destination's temporary name, the same at each try.
    private let staged: FileName
    let claims: Claims
    /// Of what arrives.
    private let permissions: SharePermissions

    /// `place` is the file's path in the claim folder.
    init(_ place: FileName, of drop: DropID, in claims: Claims, permissions: SharePermissions = SharePermissions()) {
        self.claims = claims
        self.permissions = permissions
        source = claims.folder(of: drop).appending(place)
        leaving = claims.folder(of: drop).appending(Claims.Part.leaving.name).appending(place)
        staged = NameRules.temporary(for: FileName(drop.rawValue).appending(place).bytes)
    }

    /// Whether the file has not yet arrived.
    var isPending: Bool {
        get throws(FileError) {
            if try FileSystem.status(of: source) != nil { return true }
            return try FileSystem.status(of: leaving) != nil
        }
    }

    /// Takes the file to the first of `targets` from the `number`-th on that is free. They lie in one folder.
    ///
    /// With `sha256`, a file of that content that lies at a target is as good as this one, which is then removed.
    func run(
        to targets: (Int) -> FilePath, from number: Int, sharing sha256: String? = nil
    ) throws(FileError) {
        let waiting = targets(number).removingLastComponent().appending(staged)
        if try FileSystem.status(of: leaving) != nil {
            // Where a rename is a link and a removal, the second may be missing.
            if try FileSystem.isSameFile(source, leaving) { try remove(source) }
            if try FileSystem.status(of: waiting) != nil {
                return try publish(waiting, to: targets, from: number, sharing: sha256)
            }
            if try hasArrived(at: targets) { return try remove(leaving) }
            // Somebody has removed the copy before it had its name.
            guard try FileSystem.rename(leaving, to: source) else {
                throw FileError("rename to", source.path, .fileExists)
            }
            try FileSystem.sync(renamed: leaving, to: source)
        }
        guard try FileSystem.status(of: source) != nil else { return }
        var number = number
        permissions.apply(to: source, in: targets(number).removingLastComponent())
        do throws(FileError) {
            while true {
                let target = targets(number)
                if let sha256, try Self.holds(target, sha256) {
                    try FileSystem.remove(waiting)
                    return try remove(source)
                }
                if try FileSystem.rename(source, to: target) {
                    return try FileSystem.sync(renamed: source, to: target)
                }
                number += 1
            }
        } catch {
            guard error.code == .improperLink else { throw error }
        }
        try stage(waiting)
        try publish(waiting, to: targets, from: number, sharing: sha256)
    }

    /// Steps 1 and 2.
    private func stage(_ waiting: FilePath) throws(FileError) {
        try claims.makeFolder(leaving.removingLastComponent())
        try FileSystem.remove(waiting)
        do throws(FileError) {
            try FileSystem.duplicate(source, at: waiting)
            permissions.apply(to: waiting, in: waiting.removingLastComponent())
            try FileSystem.sync(folder: waiting.removingLastComponent())
            guard try FileSystem.rename(source, to: leaving) else {
                throw FileError("rename to", leaving.path, .fileExists)
            }
        } catch {
            // What made it fail may keep this from succeeding too; the next try begins with it.
            try? FileSystem.remove(waiting)
            throw error
        }
        try FileSystem.sync(renamed: source, to: leaving)
    }

    /// Steps 3 and 4.
    private func publish(
        _ waiting: FilePath, to targets: (Int) -> FilePath, from first: Int, sharing sha256: String?
    ) throws(FileError) {
        var number = first
        while true {
            let target = targets(number)
            if let sha256, try Self.holds(target, sha256) {
                try FileSystem.remove(waiting)
                return try remove(leaving)
            }
            if try FileSystem.rename(waiting, to: target) {
                try FileSystem.sync(folder: target.removingLastComponent())
                return try remove(leaving)
            }
            number += 1
        }
    }

    private func remove(_ path: RootedPath) throws(FileError) {
        try FileSystem.remove(path)
        // Else it might be there again after a power cut, and be handed over twice.
        try FileSystem.sync(folder: path.removingLastComponent())
    }

    private func hasArrived(at targets: (Int) -> FilePath) throws(FileError) -> Bool {
        var number = 1
        while let there = try FileSystem.status(of: targets(number)) {
            if try FileSystem.isSame(leaving, targets(number), status: there) { return true }
            number += 1
        }
        return false
    }

    /// Whether a file has this content. What cannot be read for want of rights, or is no file, has another.
    static func holds(_ place: some FileLocation, _ sha256: String) throws(FileError) -> Bool {
        guard try FileSystem.status(of: place)?.kind == .regular else { return false }
        do throws(FileError) {
            return try FileSystem.hash(place).sha256 == sha256
        } catch {
            if error.code == .permissionDenied || error.code == .noSuchFileOrDirectory { return false }
            throw error
        }
    }
}

extension FileSystem {
    /// Copies a file; a link or a pipe cannot be copied, so another of the same kind takes its place.
    static func duplicate(_ source: RootedPath, at target: some FileLocation) throws(FileError) {
        guard let status = try status(of: source) else { throw FileError("find", source.path, .noSuchFileOrDirectory) }
        switch status.kind {
        case .regular: try copyContent(of: OpenFile(source), into: target)
        case .symbolicLink:
            let content = try linkText(source) + [0]
            try make(target) { folder, name in symlinkat(content, folder, name) }
        case .namedPipe: try make(target) { mkfifoat($0, $1, 0o660) }
        case .folder, .socket, .device: throw FileError("move to another disk", source.path, .notSupported)
        }
    }

    fileprivate static func isSame(_ file: RootedPath, _ other: FilePath, status: FileStatus) throws(FileError) -> Bool
    {
        guard let own = try self.status(of: file), own.kind == status.kind else { return false }
        switch own.kind {
        case .regular:
            guard own.identity.size == status.identity.size else { return false }
            return try Handover.holds(other, hash(file).sha256)
        case .symbolicLink: return try linkText(file) == linkText(other)
        case .namedPipe, .folder, .socket, .device: return true
        }
    }

    private static func make(
        _ place: some FileLocation, _ call: (_ folder: Int32, _ name: UnsafePointer<CChar>) -> Int32
    ) throws(FileError) {
        try place.withEntry { entry throws(FileError) in
            guard entry.name.withPlatformString({ call(entry.folder, $0) }) == 0 else {
                throw FileError("make", place.path)
            }
        }
    }

    private static func linkText(_ place: some FileLocation) throws(FileError) -> [CChar] {
        try place.withEntry { entry throws(FileError) in
            var content = [CChar](repeating: 0, count: 4096)
            let length = entry.name.withPlatformString { readlinkat(entry.folder, $0, &content, content.count) }
            guard length >= 0 else { throw FileError("read the link", place.path) }
            return Array(content.prefix(length))
        }
    }
}
