import Jobs
import SystemPackage

extension Outbox {
    /// What lies in `errors`, by folder and stem, as one look saw it.
    private struct GivenBack {
        private var folders: [FilePath: [String: [FileName]]] = [:]

        /// The files on a stem that are a drop's, reports left out. A link is nobody's picture.
        mutating func files(on stem: String, in place: FilePath) throws(FileError) -> [FileName] {
            try look(at: place)[stem.folded] ?? []
        }

        /// The files on the highest-numbered `stem (n)`.
        mutating func numbered(_ stem: String, in place: FilePath) throws(FileError) -> [FileName] {
            let stems = try look(at: place).keys.compactMap { key -> (number: Int, key: String)? in
                guard let number = NameRules.number(in: key), number.stem == stem.folded else { return nil }
                return (number.number, key)
            }
            guard let last = stems.max(by: { $0.number < $1.number }) else { return [] }
            return try look(at: place)[last.key] ?? []
        }

        private mutating func look(at place: FilePath) throws(FileError) -> [String: [FileName]] {
            if let known = folders[place] { return known }
            var stems: [String: [FileName]] = [:]
            if try FileSystem.status(of: place) != nil {
                for entry in try FileSystem.list(place)
                where entry.status.kind == .regular && !NameRules.isLitter(entry.name) {
                    stems[NameRules.stem(of: entry.name).folded, default: []].append(entry.name)
                }
            }
            folders[place] = stems
            return stems
        }
    }

    /// Takes what drops lack out of `errors` and puts it beside them into the inbox, as their owner would have done. Gives back what
    /// has come there. Each file is moved whole or not at all, and nothing in the inbox is replaced.
    ///
    /// A sidecar alone gets its picture. A picture alone gets its sidecar only where a report lies beside that: without one it belongs
    /// to nothing that failed, and nobody has asked for its video.
    package func bringBack(_ lacks: [Lack], to claims: Claims) throws(FileError) -> [InboxPath] {
        var givenBack = GivenBack()
        var came: [InboxPath] = []
        for lack in lacks {
            for (file, target) in try find(lack, in: &givenBack)
            where try bringBack(folder(.errors, target.folder).appending(file), to: target, of: claims) {
                came.append(target)
            }
        }
        return came
    }

    private func find(_ lack: Lack, in givenBack: inout GivenBack) throws(FileError) -> [(FileName, InboxPath)] {
        let stem = NameRules.stem(of: lack.path.name)
        let safe = PortableName.stem(stem)
        let place = folder(.errors, lack.path.folder)
        var files: [FileName]
        switch lack.what {
        case .file(let wanted): return try find(wanted, numbered: NameRules.number(in: stem)?.number, in: &givenBack)
        case .picture:
            files = try pictures(for: lack.path.name, among: givenBack.files(on: safe, in: place))
            if files.isEmpty { files = try pictures(for: lack.path.name, among: givenBack.numbered(safe, in: place)) }
        case .sidecar:
            guard try !reports(on: stem, in: place).isEmpty else { return [] }
            files = try givenBack.files(on: safe, in: place).filter(NameRules.isSidecar)
            let exact = files.filter { NameRules.isExactSidecar($0, of: PortableName.file(lack.path.name)) }
            files = exact.isEmpty ? files.filter { !NameRules.isExact($0) } : exact
        }
        return files.map { file in
            (file, InboxPath(folder: lack.path.folder, name: Self.name(file, like: lack.path.name)))
        }
    }

    /// A file that a sidecar names; first the one with the number that the sidecar itself was given back with.
    private func find(
        _ wanted: InboxPath, numbered number: Int?, in givenBack: inout GivenBack
    ) throws(FileError) -> [(FileName, InboxPath)] {
        for number in [number, 1].compactMap(\.self) {
            let name = OutputName.choice(number, of: wanted.name)
            let files = try givenBack.files(on: NameRules.stem(of: name), in: folder(.errors, wanted.folder))
            if let file = files.first(where: { $0.folded == name.folded }) { return [(file, wanted)] }
        }
        return []
    }

    /// Of files on a sidecar's stem those that may be its picture; a picture under a wrong name only where none by name is there.
    private func pictures(for sidecar: FileName, among files: [FileName]) -> [FileName] {
        let others = files.filter { !NameRules.isSidecar($0) }
        if NameRules.isExact(sidecar) {
            let suffix = FileName(String(sidecar.text.dropLast(5)))
            return others.filter {
                FileName(bytes: NameRules.split($0).suffix).folded
                    == FileName(bytes: NameRules.split(suffix).suffix).folded
            }
        }
        let known = others.filter(NameRules.hasPictureSuffix)
        return known.isEmpty ? others : known
    }

    /// The name under which a file is a pair with `other`: its own, unless its stem was changed for Windows or numbered.
    private static func name(_ file: FileName, like other: FileName) -> FileName {
        if NameRules.stem(of: file).folded == NameRules.stem(of: other).folded { return file }
        return FileName(bytes: NameRules.split(other).stem + NameRules.split(file).suffix)
    }

    /// False where the file is gone or being written, or the name is taken.
    private func bringBack(_ given: FilePath, to path: InboxPath, of claims: Claims) throws(FileError) -> Bool {
        let target = claims.place(path)
        guard let status = try FileSystem.status(of: given), status.kind == .regular,
            try !FileSystem.hasWriter(given), try FileSystem.status(of: target) == nil
        else { return false }
        try FileSystem.makeFolder(target.removingLastComponent(), below: claims.root)
        do throws(FileError) {
            guard try FileSystem.rename(given, to: target) else { return false }
            try FileSystem.sync(renamed: given, to: target)
            return true
        } catch {
            guard error.code == .improperLink else { throw error }
        }
        // To another disk: complete under a hidden name before it has its own, and only then taken away here.
        var isDone = false
        try FileSystem.withTemporaryName(beside: claims.root.appending(path.name)) { temporary throws(FileError) in
            try FileSystem.copyContent(of: OpenFile(given), into: temporary)
            guard try FileSystem.status(of: given)?.identity == status.identity,
                try FileSystem.rename(temporary, to: target)
            else { return try FileSystem.remove(temporary) }
            isDone = true
        }
        guard isDone else { return false }
        try FileSystem.sync(folder: target.removingLastComponent())
        if try FileSystem.status(of: given)?.identity == status.identity { try FileSystem.remove(given) }
        return true
    }

    // MARK: Copies

    /// Removes from `errors` what is dropped again, now that it is claimed: many programs copy where people mean to move. Only files
    /// of the same name and content go, which exist twice until then, and only with a report of theirs beside them, which goes too.
    ///
    /// A new `shot` of which no file is the same is another drop, and leaves a pair that lies there alone.
    package func withdrawCopies(of drop: Drop) throws(FileError) {
        let place = folder(.errors, drop.folder)
        guard try FileSystem.status(of: place) != nil else { return }
        let reported = try reports(on: drop.stem, in: place)
        guard !reported.isEmpty else { return }
        let pair = drop.sources.filter { $0.role == .picture || $0.role == .sidecar }
        let own = try FileSystem.list(place).map(\.name).filter {
            !NameRules.isLitter($0) && NameRules.stem(of: $0).folded == PortableName.stem(drop.stem).folded
        }
        // Where one half has been taken away already, this is what has become of it.
        var isAgain = own.contains(where: NameRules.isSidecar) != own.contains { !NameRules.isSidecar($0) }
        for source in pair
        where try removeCopy(place.appending(OutputName.choice(1, of: source.file)), source.sha256) {
            isAgain = true
        }
        guard isAgain else { return }
        for name in reported { try ErrorReportFiles.remove(in: place, stem: name) }
        // Tails and masks may be what other drops in `errors` need too.
        let isLast = try !FileSystem.list(place).contains { $0.name.folded.hasSuffix(".error.json") }
        for source in drop.sources where isLast && !pair.contains(source) {
            _ = try removeCopy(place.appending(OutputName.choice(1, of: source.file)), source.sha256)
        }
    }

    /// Whether there was a copy, which is gone now. One that somebody changes at this moment is put back.
    private func removeCopy(_ path: FilePath, _ sha256: String) throws(FileError) -> Bool {
        guard try Handover.holds(path, sha256), let status = try FileSystem.status(of: path) else { return false }
        var isGone = false
        try FileSystem.withTemporaryName(beside: path) { temporary throws(FileError) in
            guard try FileSystem.rename(path, to: temporary) else { return }
            guard try FileSystem.status(of: temporary)?.identity.isSameContent(as: status.identity) == true else {
                _ = try FileSystem.rename(temporary, to: path)
                return
            }
            try FileSystem.remove(temporary)
            isGone = true
        }
        return isGone
    }
}
