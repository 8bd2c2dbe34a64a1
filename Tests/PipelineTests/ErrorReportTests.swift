import Foundation
import Jobs
import TestKit
import Testing

@testable import Pipeline

@Suite("The error report")
struct ErrorReportTests {
    private func report(_ stage: Failure.Stage, problems: [Problem]) -> ErrorReport {
        let failure = Failure(stage: stage, message: "it could not be done", problems: problems)
        let drop = Drop(
            id: DropID(rawValue: "drop"), folder: "portraits",
            sources: ["shot.png", "shot.json"].map { name in
                Source(
                    role: name == "shot.png" ? .picture : .sidecar, file: FileName(name),
                    identity: FileIdentity(device: 1, inode: 1, size: 1, modified: 1, changed: 1), sha256: "",
                    claim: .move)
            })
        return ErrorReport(
            job: .rejected(.sample(1), drop: drop, name: "shot", failure: failure, at: .sample), failure: failure)
    }

    @Test func `An artist reads what is wrong and what to do`() {
        let text = report(
            .intake,
            problems: [
                Problem(
                    file: "shot.json", key: "duration", value: "7", rule: "must be 5 or 10", remedy: "Write 5 or 10."),
                Problem(file: "shot.png", rule: "the picture is cut off", remedy: "Copy it again."),
            ]
        ).text
        #expect(
            text == """
                shot was not turned into a video. Nothing was sent and nothing was charged.

                • shot.json, duration
                    There is:   7
                    The rule:   must be 5 or 10.
                    What to do: Write 5 or 10.

                • shot.png
                    The rule:   the picture is cut off.
                    What to do: Copy it again.

                Your files lie beside this report: shot.png, shot.json.
                Once it is put right, drag them back into the inbox to try again.

                Reference for your admin: job \(JobID.sample(1))

                """)
    }

    @Test func `Without problems the message speaks`() {
        #expect(report(.generation, problems: []).text.contains("\n\nit could not be done.\n\n"))
    }

    @Test(arguments: [
        (Failure.Stage.intake, "Nothing was sent and nothing was charged.", true),
        (.submit, "Nothing was charged.", true), (.generation, "A failed video is not charged.", true),
        (.delivery, "made and paid for", false), (.unknown, "may have been paid for", false),
    ])
    func `It says what it cost, and bids to drop again only what costs nothing`(
        stage: Failure.Stage, cost: String, again: Bool
    ) {
        let text = report(stage, problems: []).text
        #expect(text.contains(cost))
        #expect(text.contains("drag them back") == again)
    }

    @Test func `Scripts get the same under fixed keys`() throws {
        let problem = Problem(file: "shot.json", key: "duration", rule: "must be 5 or 10", remedy: "Write 5 or 10.")
        let json = try JSONDecoder().decode(JSONValue.self, from: Data(report(.intake, problems: [problem]).json))
        #expect(
            json == [
                "job": .string(JobID.sample(1).rawValue), "name": "shot", "folder": "portraits", "stage": "intake",
                "dropped": "1970-01-01T00:00:00.000Z",
                "sources": [
                    ["file": "shot.png", "sha256": "", "bytes": 1], ["file": "shot.json", "sha256": "", "bytes": 1],
                ],
                "message": "it could not be done",
                "problems": [
                    [
                        "file": "shot.json", "key": "duration", "value": .null, "rule": "must be 5 or 10",
                        "remedy": "Write 5 or 10.",
                    ]
                ],
            ])
    }
}
