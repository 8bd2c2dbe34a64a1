import Folders
import Jobs

/// Takes what a drop lacks out of `outbox/errors`, where its owner has fixed or dragged only a part of what was given back.
struct Retrieval: Sendable {
    /// When what waits was looked after, by how long it had been quiet then: it is looked after once, until it changes.
    private var sought: [Lack: Duration] = [:]

    /// What is to be looked for now, and when to look next where that is too early.
    mutating func due(
        _ lacks: (lacks: [Lack], from: Duration)?, at now: Duration
    ) -> (lacks: [Lack], next: Duration?) {
        guard let lacks else { return ([], nil) }
        let open = lacks.lacks.filter { sought[$0] != lacks.from }
        if open.isEmpty { return ([], nil) }
        if lacks.from > now { return ([], lacks.from) }
        // Forgetting costs no more than another look.
        if sought.count > 10_000 { sought = [:] }
        for lack in open { sought[lack] = lacks.from }
        return (open, nil)
    }

    /// What could not be looked for counts as not looked for.
    mutating func forget(_ lacks: [Lack]) { for lack in lacks { sought[lack] = nil } }

    /// Brings back what there is. While an upload goes on in their folder under a temporary name, which may be what they wait for, `busy`
    /// lacks are left for later.
    static func perform(
        _ lacks: [Lack], _ context: Context
    ) async throws -> (came: [InboxPath], busy: [Lack]) {
        try await context.requirePlaces()
        let (claims, outbox) = (context.claims, context.outbox)
        return try await context.files.run { () throws(FileError) in
            var uploads: [FileName: Int64] = [:]
            for folder in Set(lacks.map(\.path.folder)) {
                uploads[folder] = try claims.lastUpload(in: folder)
            }
            var (free, busy): ([Lack], [Lack]) = ([], [])
            for lack in lacks {
                let path = claims.place(lack.path)
                let changed = try FileSystem.status(of: path)?.identity.changed ?? .max
                uploads[lack.path.folder].map { $0 > changed } == true ? busy.append(lack) : free.append(lack)
            }
            return (try outbox.bringBack(free, to: claims), busy)
        }
    }
}
