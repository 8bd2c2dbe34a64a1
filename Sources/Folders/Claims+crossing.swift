import Foundation
import Jobs
import SystemPackage

/// Claiming what lies on another mount than `inbox/.hotreel`, such as a share mounted below a local inbox: a rename cannot take it.
///
/// 1. Copy it, synced and compared with what was examined, to its place in the claim folder: from here on it is claimed.
/// 2. Rename the original to a hidden name beside it, so that nobody writes to it any more by its name.
/// 3. Remove it, if it is still what was copied; else rename it back: it is a new drop.
///
/// Whichever step a crash cuts short, `take` goes on from there.
extension Claims {
    func cross(_ origin: RootedPath, to target: RootedPath, as source: Source) throws(FileError) -> Outcome {
        let aside = Self.aside(origin, target)
        if try FileSystem.status(of: origin) == nil, try FileSystem.status(of: aside) != nil {
            _ = try FileSystem.rename(aside, to: origin)
        }
        var isSame = true
        try FileSystem.withTemporaryName(beside: target) { temporary throws(FileError) in
            try FileSystem.duplicate(origin, at: temporary)
            isSame = try FileSystem.status(of: origin)?.identity.isSameContent(as: source.identity) == true
            if isSame, try FileSystem.status(of: temporary)?.kind == .regular, !source.sha256.isEmpty {
                isSame = try FileSystem.hash(temporary).sha256 == source.sha256
            }
            guard isSame else { return try FileSystem.remove(temporary) }
            guard try FileSystem.rename(temporary, to: target) else {
                throw FileError("write", target.path, .fileExists)
            }
        }
        guard isSame else { return .changed }
        try FileSystem.sync(folder: target.removingLastComponent())
        try removeOriginal(origin, of: target, as: source)
        return .taken
    }

    /// Steps 2 and 3. Leaves alone what is not the file that was copied.
    func removeOriginal(_ origin: RootedPath, of target: RootedPath, as source: Source) throws(FileError) {
        let aside = Self.aside(origin, target)
        if try Self.isSource(aside, source) { try FileSystem.remove(aside) }
        guard let status = try FileSystem.status(of: origin), try Self.isSource(origin, source) else { return }
        guard try FileSystem.rename(origin, to: aside) else { throw FileError("rename to", aside.path, .fileExists) }
        let now = try FileSystem.status(of: aside)?.identity
        if let now, now.size == status.identity.size, now.modified == status.identity.modified {
            try FileSystem.remove(aside)
        } else {
            // Somebody wrote to it until the last moment.
            _ = try FileSystem.rename(aside, to: origin)
        }
        try FileSystem.sync(folder: origin.removingLastComponent())
    }

    /// Puts a claimed file back onto another mount. False where another file lies there now.
    func crossBack(_ claimed: RootedPath, to origin: RootedPath, as source: Source) throws(FileError) -> Bool {
        if try !Self.isSource(origin, source) {
            do throws(FileError) {
                try FileSystem.withTemporaryName(beside: origin) { temporary throws(FileError) in
                    try FileSystem.duplicate(claimed, at: temporary)
                    guard try FileSystem.rename(temporary, to: origin) else {
                        throw FileError("write", origin.path, .fileExists)
                    }
                }
            } catch {
                guard error.code == .fileExists else { throw error }
                return false
            }
            try FileSystem.sync(folder: origin.removingLastComponent())
        }
        try FileSystem.remove(claimed)
        try FileSystem.sync(folder: claimed.removingLastComponent())
        return true
    }

    /// Whether an original is what a crash left of a file that was taken: on another mount, or the same content of the same time, where a
    /// rename is a link and a removal and both names have numbers of their own.
    func isLeftBehind(_ origin: RootedPath, by target: RootedPath, as source: Source) throws(FileError) -> Bool {
        guard let there = try FileSystem.status(of: target)?.identity.device else { return false }
        // Where it is gone, it may still lie aside.
        guard let here = try FileSystem.status(of: origin) else {
            return try FileSystem.status(of: origin.removingLastComponent())?.identity.device != there
        }
        if here.identity.device != there { return true }
        return here.identity.modified == source.identity.modified ? try Self.isSource(origin, source) : false
    }

    /// Whether a file is the one that was looked at, or has its content: sshfs gives a file another inode number with each name, and
    /// devices have other numbers once they are mounted anew.
    static func isSource(_ path: RootedPath, _ source: Source) throws(FileError) -> Bool {
        guard let status = try FileSystem.status(of: path) else { return false }
        if status.identity.isSameContent(as: source.identity) { return true }
        guard status.identity.size == source.identity.size else { return false }
        if status.kind != .regular || source.sha256.isEmpty {
            return status.identity.modified == source.identity.modified
        }
        return try Handover.holds(path, source.sha256)
    }

    /// The hidden name that an original has while it is being removed.
    private static func aside(_ origin: RootedPath, _ target: RootedPath) -> RootedPath {
        origin.removingLastComponent().appending(NameRules.temporary(for: Array(target.path.string.utf8)))
    }
}
