import Folders
import Foundation
import Jobs

/// Why a drop failed, as the two files in `outbox/errors`: one for people, one for scripts.
struct ErrorReport {
    let job: Job
    let failure: Failure
    /// Which choice of names the files got: 1 their own, 2 `shot010 (2).png` ….
    var number = 1

    var text: String {
        var lines = [headline, ""]
        if failure.problems.isEmpty { lines.append(Self.sentence(failure.message)) }
        for problem in failure.problems {
            var subject = "• \(problem.file)"
            if let key = problem.key { subject += ", \(key)" }
            lines.append(subject)
            if let value = problem.value { lines.append("    There is:   \(value)") }
            lines.append("    The rule:   \(Self.sentence(problem.rule))")
            lines.append("    What to do: \(problem.remedy)")
            lines.append("")
        }
        if lines.last?.isEmpty == false { lines.append("") }
        lines += closing
        return lines.joined(separator: "\n") + "\n"
    }

    private var headline: String {
        let name = FileName(job.drop.stem).shown
        return switch failure.stage {
        case .intake: "\(name) was not turned into a video. Nothing was sent and nothing was charged."
        case .submit: "\(name) was refused by the video service. Nothing was charged."
        case .generation: "The video service could not make a video of \(name). A failed video is not charged."
        case .delivery: "The video of \(name) is made and paid for, but could not be fetched."
        case .cancelled: "\(name) was cancelled before it was sent. Nothing was charged."
        case .unknown: "\(name) was found without a record of it. It may have been paid for already."
        }
    }

    private var closing: [String] {
        let files = job.drop.sources.map { source in
            let isNumbered = source.role == .picture || source.role == .sidecar
            let given = OutputName.choice(isNumbered ? number : 1, of: source.file)
            return given == source.file ? given.shown : "\(given.shown) (dropped as \(source.file.shown))"
        }
        let reference = "Reference for your admin: job \(job.id)"
        if failure.stage == .delivery { return [reference] }
        let place =
            files.count == 1
            ? "Your file lies beside this report: \(files[0])."
            : "Your files lie beside this report: \(files.joined(separator: ", "))."
        // Dropping them again might cost again.
        if failure.stage == .unknown { return [place, "", reference] }
        return [
            place,
            failure.stage == .cancelled
                ? "If the video is wanted after all, drag \(files.count == 1 ? "it" : "them") back into the inbox."
                : "Once it is put right, drag \(files.count == 1 ? "it" : "them") back into the inbox to try again.",
            "",
            reference,
        ]
    }

    private static func sentence(_ text: String) -> String {
        guard let last = text.last, !".!?".contains(last) else { return text }
        return text + "."
    }

    /// `{job, name, folder, dropped, sources, stage, message, problems}`, which scripts rely on.
    var json: [UInt8] {
        JSONValue.object([
            "job": .string(job.id.rawValue),
            "name": .string(job.name),
            "folder": .string(job.drop.folder.text),
            "dropped": job.drop.written.map(JSONValue.time) ?? .null,
            "sources": job.drop.listedSources,
            "stage": .string(failure.stage.rawValue),
            "message": .string(failure.message),
            "problems": .array(failure.problems.map(\.json)),
        ]).naming(job.drop.inbox).document
    }
}

extension Problem {
    /// `{file, key, value, rule, remedy}`, which scripts rely on.
    package var json: JSONValue {
        [
            "file": .string(file), "key": key.map(JSONValue.string) ?? .null,
            "value": value.map(JSONValue.string) ?? .null,
            "rule": .string(rule), "remedy": .string(remedy),
        ]
    }
}
