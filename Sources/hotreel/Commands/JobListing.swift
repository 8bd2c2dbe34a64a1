import Foundation
import Jobs
import Pipeline
import SQLiteStore

extension Job {
    /// The job as `jobs --json` shows it. Its keys are a promise to scripts.
    var listed: JSONValue {
        JSONValue.object([
            "id": .string(id.rawValue), "state": .string(state.name.rawValue), "name": .string(name),
            "folder": .string(drop.folder.text),
            "generation_id": state.generation.map { .string($0.id.rawValue) } ?? .null,
            "client_request_id": state.submission.map { .string($0.clientRequestID.rawValue) } ?? .null,
            "reason": reason.map(JSONValue.string) ?? .null,
            "credits": state.generation?.charge.credits.map(JSONValue.amount) ?? .null,
            "created": .time(created), "updated": .time(updated),
        ]).naming(drop.inbox)
    }

    /// `portraits/shot010`, as people know it; of a named inbox `commercials:portraits/shot010`.
    var place: String { drop.inbox.prefix + path }

    private var path: String { drop.folder.appending(FileName(name)).shown }

    /// Whether people may mean it: by its name alone, with its folder, or with its inbox too.
    func isCalled(_ text: String) -> Bool { [name, path, place].contains(text) }
}

/// Finds jobs by what people type.
struct JobFinder {
    let store: SQLiteJobStore

    /// As `job`, but a name means its newest job: retries have the same name.
    func newestJob(_ text: String) async throws -> Job {
        let named = try await store.jobs(JobQuery()).first { $0.isCalled(text) }
        if let named { return named }
        return try await job(text)
    }

    /// By its id or an unambiguous end or beginning of it.
    func job(_ text: String) async throws -> Job {
        if let job = try await store.job(JobID(rawValue: text)) { return job }
        let matches = try await store.jobs(JobQuery()).filter {
            $0.id.rawValue.hasPrefix(text) || $0.id.rawValue.hasSuffix(text) || $0.isCalled(text)
        }
        guard let match = matches.first, !text.isEmpty else {
            throw ExitStatus.noInput.because("there is no job “\(text)”. hotreel jobs lists them.")
        }
        guard matches.count == 1 else {
            let list = matches.prefix(9).map {
                "  \($0.id)  \($0.place), \($0.state.name.rawValue), \($0.created.local)"
            }
            throw ExitStatus.usage.because(
                "“\(text)” fits \(matches.count) jobs; give the id of one:\n" + list.joined(separator: "\n"))
        }
        return match
    }
}

/// Writes to standard output.
func output(_ value: JSONValue) { output(String(decoding: value.document, as: UTF8.self), terminator: "") }
func output(_ text: String, terminator: String = "\n") {
    FileHandle.standardOutput.write(Data((text + terminator).utf8))
}

extension Date {
    /// The moment in the reader's own time zone.
    var local: String {
        formatted(
            .iso8601.year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: false).timeSeparator(
                .colon
            ).dateTimeSeparator(.space).timeZone(separator: .omitted)
        ).prefix(19).description
    }
}
