import Jobs
import NIOHTTP1
import Testing

@testable import VideoAPI

/// An answer and what it means for the money.
struct Meaning: CustomTestStringConvertible {
    let status: Int
    let body: String
    let headers: HTTPHeaders
    let verdict: Verdict

    init(_ status: Int, _ body: String, headers: HTTPHeaders = [:], _ verdict: Verdict) {
        (self.status, self.body, self.headers, self.verdict) = (status, body, headers, verdict)
    }

    var testDescription: String { "\(status) \(body.prefix(60))" }

    static let all =
        [
            Meaning(200, #"{"id":"g","status":"queued"}"#, .accepted),
            Meaning(201, #"{"id":"g","status":"completed","video":{"url":"https://cdn.example/v.mp4"}}"#, .accepted),
            Meaning(202, #"{"id":"g","status":"error","error":{"name":"n","message":"m"}}"#, .accepted),
            Meaning(200, #"{"id":7}"#, .accepted),
            Meaning(200, #"{"status":"queued"}"#, headers: ["x-inference-id": "g"], .accepted),
            Meaning(200, "<html>", headers: ["X-Inference-Id": "g"], .accepted),
            Meaning(204, "", headers: ["x-inference-id": "g"], .accepted),
            Meaning(200, #"{"id":"","status":"queued"}"#, .unconfirmed),
            Meaning(200, #"{"id":null,"status":"queued"}"#, headers: ["x-inference-id": " "], .unconfirmed),
            Meaning(200, "", .unconfirmed), Meaning(200, "[]", .unconfirmed),
            Meaning(200, "{\"id\":\"g\"", .unconfirmed),
            Meaning(100, "", .unconfirmed), Meaning(300, "", .unconfirmed), Meaning(301, "", .notTaken(.api)),
            Meaning(302, "", .unconfirmed), Meaning(303, "", .unconfirmed), Meaning(307, "", .notTaken(.api)),
            Meaning(308, "", .notTaken(.api)),
            Meaning(400, #"{"statusCode":"400","message":["a","b"]}"#, .refused),
            Meaning(400, #"{"message":"prompt about credit and funds"}"#, .refused),
            Meaning(400, #"{"error":{"name":"OutOfFundsException"}}"#, .notTaken(.credit)),
            Meaning(401, "", .notTaken(.key)), Meaning(402, "", .notTaken(.credit)),
            Meaning(403, #"{"error":{"data":{"kind":"err_insufficent_credits"}}}"#, .notTaken(.credit)),
            Meaning(403, #"{"message":"OutOfFundsException"}"#, .notTaken(.credit)),
            Meaning(403, #"{"message":"Complete the billing verification"}"#, .notTaken(.credit)),
            Meaning(403, #"{"message":"The key's spending limit is reached"}"#, .notTaken(.credit)),
            Meaning(403, #"{"message":"Forbidden resource"}"#, .notTaken(.key)), Meaning(403, "", .notTaken(.key)),
            Meaning(403, "<html><title>Attention Required!</title></html>", .notTaken(.api)),
            Meaning(404, #"{"message":"Cannot POST /v2/v2/video/generations"}"#, .notTaken(.api)),
            Meaning(404, "<html>the model page</html>", .notTaken(.api)),
            Meaning(404, #"{"message":"Model not found"}"#, .refused),
            Meaning(405, "", .notTaken(.api)), Meaning(415, "", .notTaken(.api)),
            Meaning(408, "", .unconfirmed), Meaning(409, "", .unconfirmed), Meaning(418, "", .unconfirmed),
            Meaning(425, "", .unconfirmed), Meaning(499, "", .unconfirmed),
            Meaning(413, "<html>", .refused), Meaning(422, #"{"detail":[{"msg":"m"}]}"#, .refused),
            Meaning(429, "", .notTaken(.rate)),
            Meaning(500, #"{"id":"g","status":"queued"}"#, .unconfirmed), Meaning(502, "<html>", .unconfirmed),
            Meaning(503, "", headers: ["Retry-After": "1"], .unconfirmed), Meaning(504, "", .unconfirmed),
            Meaning(524, "", .unconfirmed), Meaning(999, "", .unconfirmed), Meaning(101, "", .unconfirmed),
            Meaning(406, "", .unconfirmed), Meaning(407, "", .unconfirmed), Meaning(417, "", .unconfirmed),
            Meaning(304, "", .unconfirmed), Meaning(410, "", .notTaken(.api)), Meaning(421, "", .notTaken(.api)),
        ] + refusalsWithMore

    /// Refusals that say more than no. An id alone is no charge; a charge or a generation is.
    private static let refusalsWithMore =
        [
            (401, Verdict.notTaken(.key)), (403, .notTaken(.key)), (429, .notTaken(.rate)), (402, .notTaken(.credit)),
            (422, .refused),
        ]
        .flatMap { status, verdict in
            [
                Meaning(status, "", headers: ["x-inference-id": "g"], verdict),
                Meaning(status, "", headers: ["x-inference-id": "g", "x-aimlapi-credits-used": "0"], verdict),
                Meaning(status, #"{"id":"g","status":"error","error":"no"}"#, verdict),
                Meaning(status, #"{"id":"r-1","message":"no"}"#, verdict),
                Meaning(status, "", headers: ["x-aimlapi-credits-used": "630000"], .unconfirmed),
                Meaning(status, "", headers: ["x-aimlapi-usd-spent": "0.315"], .unconfirmed),
                Meaning(status, #"{"meta":{"usage":{"credits_used":1}}}"#, .unconfirmed),
                Meaning(status, #"{"id":"g","status":"queued"}"#, .unconfirmed),
                Meaning(
                    status, #"{"id":"g","status":"completed","video":{"url":"https://c.example/v"}}"#, .unconfirmed),
            ]
        } + [
            Meaning(308, #"{"id":"g","status":"queued"}"#, headers: ["Location": "/x"], .unconfirmed),
            Meaning(404, "", headers: ["x-aimlapi-usd-spent": "1"], .unconfirmed),
        ]
}

@Suite("Classifying a submission's end")
struct SubmissionClassifierTests {
    @Test("Every answer means one thing for the money", arguments: Meaning.all)
    func answers(_ meaning: Meaning) {
        let answer = Answer(status: meaning.status, headers: meaning.headers, text: meaning.body)
        #expect(Verdict(SubmissionClassifier.outcome(.answered(answer))) == meaning.verdict)
    }

    @Test("Unsent is not taken, unanswered is unconfirmed, with their words")
    func withoutAnswer() {
        let trouble = Trouble(kind: .unreachable, message: "words")
        #expect(SubmissionClassifier.outcome(.unsent(trouble)) == .notTaken(trouble))
        #expect(
            SubmissionClassifier.outcome(.unanswered("it broke", host: "api.example"))
                == .unconfirmed(
                    reason:
                        "The request had begun to go out to api.example, then it broke. Whether it was taken is not known yet."
                ))
    }

    @Test("A first answer may already hold the end")
    func firstAnswerIsTheLast() {
        let done = Answer(
            status: 200, text: #"{"id":"g","status":"completed","video":[{"url":"https://c.example/v?a=1"}]}"#)
        guard case .accepted(let update) = SubmissionClassifier.outcome(.answered(done)),
            case .completed(let url) = update.phase
        else {
            Issue.record("not completed")
            return
        }
        #expect(url.absoluteString == "https://c.example/v?a=1")
        let failed = Answer(status: 200, text: #"{"id":"g","status":"error","error":"unsafe picture"}"#)
        #expect(
            SubmissionClassifier.outcome(.answered(failed))
                == .accepted(
                    GenerationUpdate(
                        id: GenerationID(rawValue: "g"), status: "error",
                        phase: .failed(APIMessage(status: nil, text: "unsafe picture")))))
    }

    private func accepted(_ answer: Answer) throws -> GenerationUpdate {
        guard case .accepted(let update) = SubmissionClassifier.outcome(.answered(answer)) else {
            throw DownloadError.interrupted("not accepted")
        }
        return update
    }

    @Test("A generation named only in a header is taken as running, whatever the body says: a poll will tell")
    func idInHeaderOnly() throws {
        for body in ["<html>", "", "[]", #"{"status":"error","error":"late"}"#, #"{"status":"error","message":"m"}"#] {
            let update = try accepted(
                Answer(status: 200, headers: ["x-inference-id": " g ", "x-aimlapi-credits-used": "5"], text: body))
            #expect(update.id.rawValue == "g" && update.phase == .running && update.charge.credits == 5)
            #expect(update.remark?.contains("only in a header") == true)
        }
    }

    @Test("Of two ids that differ, the body's is followed and both are told")
    func twoIDs() throws {
        let body = #"{"id":"in-body","status":"queued"}"#
        let update = try accepted(Answer(status: 201, headers: ["x-inference-id": "in-header"], text: body))
        #expect(update.id.rawValue == "in-body" && update.phase == .running)
        #expect(update.remark?.contains("in-body") == true && update.remark?.contains("in-header") == true)
        let same = try accepted(Answer(status: 201, headers: ["x-inference-id": "in-body"], text: body))
        #expect(same.remark == nil)
    }

    @Test("Every uncertain end says in a sentence what happened, in the API's words, and that it is not known")
    func reasons() {
        for meaning in Meaning.all where meaning.verdict == .unconfirmed {
            let answer = Answer(status: meaning.status, headers: meaning.headers, text: meaning.body)
            guard case .unconfirmed(let reason) = SubmissionClassifier.outcome(.answered(answer)) else { continue }
            #expect(
                reason.hasPrefix("The API ") && reason.hasSuffix(" not known yet.")
                    && reason.contains("HTTP \(meaning.status)"))
        }
    }

    @Test("What is refused and what is unsure say why in the API's own words")
    func words() {
        #expect(
            SubmissionClassifier.outcome(
                .answered(Answer(status: 422, text: #"{"message":["a is wrong","b is wrong"]}"#)))
                == .refused(APIMessage(status: 422, text: "a is wrong; b is wrong")))
        let unsure = Answer(status: 504, headers: ["x-inference-id": "g7"], text: "<title>Gateway Time-out</title>")
        guard case .unconfirmed(let reason) = SubmissionClassifier.outcome(.answered(unsure)) else {
            Issue.record("not unconfirmed")
            return
        }
        #expect(reason.contains("Gateway Time-out") && reason.contains("g7"))
    }
}
