import Folders
import Jobs

/// The marks that tell which requests have begun to go out, as a second witness beside the ledger.
struct SendingMarks: Sendable {
    let context: Context

    enum Making: Sendable {
        case made
        /// This very request has begun to go out before.
        case wasThere
        /// For people.
        case impossible(String)
    }

    func make(_ id: ClientRequestID, of job: Job) async -> Making {
        let (claims, drop): (Claims, DropID)
        do throws(PlaceGone) {
            let there = try context.within(job.drop)
            try await there.requirePlaces([.inbox])
            (claims, drop) = (there.claims, job.drop.id)
        } catch {
            return .impossible(error.description)
        }
        do throws(FileError) {
            return try await context.files.run { () throws(FileError) -> Making in
                if try claims.isMarkedSending(id, of: drop) { return .wasThere }
                try claims.markSending(id, of: drop)
                return .made
            }
        } catch {
            context.note(error)
            return .impossible(error.description)
        }
    }

    /// A request that was surely not taken leaves no mark. One that stays, because the share is gone, only costs a look-up.
    func remove(of job: Job) async {
        guard let id = job.state.submission?.clientRequestID, let claims = try? context.within(job.drop).claims else {
            return
        }
        let drop = job.drop.id
        do throws(FileError) {
            try await context.files.run { () throws(FileError) in try claims.unmarkSending(id, of: drop) }
        } catch {
            context.note(error)
        }
    }

    /// Whether a job's request has surely not begun to go out. The first Hotreel left no marks, and noted no price with its intents.
    func showUnsent(_ job: Job) async -> Bool {
        guard let submission = job.state.submission, submission.expected != nil,
            let there = try? context.within(job.drop)
        else { return false }
        // While the inbox is not there, no mark is seen, whether there is one or not.
        guard await there.lookAtPlaces()[.inbox(of: there.folder.name)] == nil else { return false }
        let (claims, drop) = (there.claims, job.drop.id)
        let isMarked = await context.files.run { try? claims.isMarkedSending(submission.clientRequestID, of: drop) }
        return isMarked == false
    }
}
