import Jobs
import SystemPackage

extension Outbox {
    /// The number that makes a drop's files, and the reports in their name, clash with nothing in `part`. Where a crash cut a
    /// hand-over short, the number that was used then.
    package func freeNumber(for drop: Drop, in part: Part, from claims: Claims) throws(FileError) -> Int {
        let place = folder(part, drop.folder)
        let sources = drop.sources.filter { $0.role == .picture || $0.role == .sidecar }
        let twins = twins(of: drop.id, in: claims)
        let hasTwins = part == .originals ? try FileSystem.status(of: twins) != nil : false
        var arrived: Set<FileName> = []
        for source in sources {
            let handover = Handover(
                Self.place(of: source, isTwin: hasTwins), of: drop.id, in: claims, permissions: permissions)
            if try !handover.isPending { arrived.insert(source.file) }
        }
        if !arrived.isEmpty { try claims.requireRoot() }
        var folders: [FilePath: FolderNames] = [:]
        for source in sources {
            let folder = place.appending(OutputName.choice(1, of: source.file)).removingLastComponent()
            if folders[folder] == nil { folders[folder] = try FolderNames(of: folder) }
        }
        var number = 1
        while true {
            var (isFree, isOurs) = (true, !arrived.isEmpty)
            for source in sources {
                let target = place.appending(OutputName.choice(number, of: source.file))
                // People on a share where case does not count could not tell the two apart.
                let names = folders[target.removingLastComponent()]
                let isThere = try names?.isFree(OutputName.choice(number, of: source.file).lastComponent) == false
                if arrived.contains(source.file) {
                    isFree = isFree && !isThere
                    // What was never read is known by its name alone.
                    if isOurs { isOurs = try source.sha256.isEmpty ? isThere : Handover.holds(target, source.sha256) }
                } else if isThere, try !FileSystem.isSameFile(target, claims.path(of: source, in: drop.id)) {
                    (isFree, isOurs) = (false, false)
                }
            }
            if isOurs { return number }
            let stem = OutputName.choice(number, of: OutputName.fitting(drop.stem))
            let isReported = part == .errors ? try isReported(stem, in: place) : false
            if isFree, !isReported { return number }
            number += 1
        }
    }

    /// Moves what a drop's claim folder holds of its sources to `part`. Doing it again after a crash is harmless.
    ///
    /// A tail or mask that lies there already with the same content is not kept twice.
    package func receive(_ drop: Drop, from claims: Claims, in part: Part, number: Int) throws(FileError) {
        for source in drop.sources {
            try receive(Claims.place(of: source), as: source, of: drop, from: claims, in: part, number: number)
        }
        // What is not there was handed over before, unless nothing at all is there.
        try claims.requireRoot()
    }

    /// Copies what a drop's claim folder holds of its sources to `part`, for a drop whose variations ended differently and whose
    /// sources `receive` takes to another part afterwards. Doing it again after a crash is harmless.
    package func receiveCopies(_ drop: Drop, from claims: Claims, in part: Part, number: Int) throws(FileError) {
        let sources = try makeTwins(of: drop, in: claims)
        for source in sources {
            let twin = Self.place(of: source, isTwin: true)
            try receive(twin, as: source, of: drop, from: claims, in: part, number: number)
        }
        try claims.requireRoot()
    }

    /// Copies the sources within the claim folder, all or none, once; the folder of the copies stays when they have been handed
    /// over, and says that they need not be made again.
    private func makeTwins(of drop: Drop, in claims: Claims) throws(FileError) -> [Source] {
        let twins = twins(of: drop.id, in: claims)
        let claim = claims.folder(of: drop.id)
        if try FileSystem.status(of: twins) != nil { return drop.sources }
        if try FileSystem.status(of: claim) == nil { return [] }
        let growing = claim.appending(FileName(".twins"))
        try FileSystem.removeTree(growing)
        try claims.makeFolder(growing)
        var copied: [Source] = []
        for source in drop.sources {
            let claimed = claims.path(of: source, in: drop.id)
            guard let status = try FileSystem.status(of: claimed), status.kind == .regular else { continue }
            let copy = growing.appending(Claims.place(of: source))
            try claims.makeFolder(copy.removingLastComponent())
            try FileSystem.copy(claimed, to: copy)
            copied.append(source)
        }
        guard try FileSystem.rename(growing, to: twins) else { throw FileError("rename to", twins.path, .fileExists) }
        try FileSystem.sync(folder: claim)
        return copied
    }

    private func twins(of drop: DropID, in claims: Claims) -> RootedPath {
        claims.folder(of: drop).appending(Claims.Part.twins.name)
    }

    /// A source's path in the claim folder.
    private static func place(of source: Source, isTwin: Bool) -> FileName {
        isTwin ? Claims.Part.twins.name.appending(Claims.place(of: source)) : Claims.place(of: source)
    }

    private func receive(
        _ claimed: FileName, as source: Source, of drop: Drop, from claims: Claims, in part: Part, number: Int
    ) throws(FileError) {
        let handover = Handover(claimed, of: drop.id, in: claims, permissions: permissions)
        guard try handover.isPending else { return }
        let place = folder(part, drop.folder)
        try makeFolder(place.appending(source.file).removingLastComponent())
        let isShared = source.role == .tail || source.role == .mask || source.claim == .copy
        try handover.run(
            to: { place.appending(OutputName.choice($0, of: source.file)) }, from: number,
            sharing: isShared ? source.sha256 : nil)
    }
}
