import Foundation
import Jobs
import NIOHTTP1
import Testing

@testable import VideoAPI

struct Shape: CustomTestStringConvertible {
    let body: String
    let phase: GenerationUpdate.Phase?
    let remarks: Bool
    var testDescription: String { body }

    init(_ body: String, _ phase: GenerationUpdate.Phase?, remarks: Bool = false) {
        (self.body, self.phase, self.remarks) = (body, phase, remarks)
    }

    static func video(_ text: String) -> GenerationUpdate.Phase? { URL(string: text).map { .completed($0) } }
    static func failure(_ text: String) -> GenerationUpdate.Phase { .failed(APIMessage(status: nil, text: text)) }

    static let all =
        ["queued", "generating", "waiting", "active", "QUEUED", "Generating"].map {
            Shape(#"{"id":"g","status":"\#($0)"}"#, .running)
        }
        + ["unknown", "paused", ""].map { Shape(#"{"id":"g","status":"\#($0)"}"#, .running, remarks: true) } + [
            Shape(#"{"id":"g"}"#, .running, remarks: true),
            Shape(#"{"id":"g","status":null,"video":null,"error":null,"meta":null}"#, .running, remarks: true),
            Shape(#"{"id":"g","status":7}"#, .running, remarks: true),
            Shape(
                #"{"id":"g","status":"queued","video":null,"error":null,"meta":{"usage":null},"more":[1]}"#, .running),
            Shape(
                #"{"id":"g","status":"completed","video":{"url":"https://c.example/a.mp4","duration":5.1}}"#,
                video("https://c.example/a.mp4")),
            Shape(
                #"{"id":"g","status":"Succeeded","video":[{"url":"https://c.example/a.mp4"}]}"#,
                video("https://c.example/a.mp4")),
            Shape(
                #"{"id":"g","status":"COMPLETED","video":["https://c.example/a.mp4"]}"#,
                video("https://c.example/a.mp4")),
            Shape(
                #"{"id":"g","status":"completed","video":"http://c.example/a.mp4"}"#, video("http://c.example/a.mp4")),
            Shape(
                #"{"id":"g","status":"completed","video":{"url":"https://c.example/a%2Fb.mp4?X-Sig=a%2B/b+c==&e=1"}}"#,
                video("https://c.example/a%2Fb.mp4?X-Sig=a%2B/b+c==&e=1")),
            Shape(#"{"id":"g","status":"completed"}"#, .running, remarks: true),
            Shape(#"{"id":"g","status":"completed","video":{"url":null}}"#, .running, remarks: true),
            Shape(#"{"id":"g","status":"completed","video":[]}"#, .running, remarks: true),
            Shape(#"{"id":"g","status":"completed","video":{"url":"file:///etc/passwd"}}"#, .running, remarks: true),
            Shape(#"{"id":"g","status":"completed","video":{"url":"/relative"}}"#, .running, remarks: true),
        ]
        + [
            "", " ", "ftp://c.example/a.mp4", "c.example/a.mp4", "//c.example/a.mp4", "http://", "https:///a.mp4",
            "data:x",
        ].map {
            Shape(#"{"id":"g","status":"completed","video":{"url":"\#($0)"}}"#, .running, remarks: true)
        } + [
            Shape(
                #"{"id":"g","status":" completed\n","video":{"url":" https://c.example/a.mp4\n"}}"#,
                video("https://c.example/a.mp4")),
            Shape(
                #"{"id":"g","status":"completed","video":[{"url":null},{"url":"https://c.example/a.mp4"}]}"#,
                video("https://c.example/a.mp4")),
            Shape(
                #"{"id":"g","status":"completed","video":{"url":"https://c.example/a.mp4"},"error":{"name":"n","message":"m"}}"#,
                video("https://c.example/a.mp4")),
            Shape(#"{"id":"g","status":"generating","error":{"name":"n","message":"m"}}"#, .running),
            Shape(#"{"id":"g","status":"completed","video":7}"#, .running, remarks: true),
            Shape("7", nil), Shape("true", nil), Shape(#""completed""#, nil),
            Shape(
                #"{"id":"g","status":"error","error":{"name":"Unsafe","message":"Not that picture"}}"#,
                failure("Not that picture")),
            Shape(#"{"id":"g","status":"FAILED","error":"Not that picture"}"#, failure("Not that picture")),
            Shape(
                #"{"id":"g","status":"error","error":{"detail":[{"msg":"too dark","loc":["body","image_url"]},{"msg":"too small"}]}}"#,
                failure("body.image_url: too dark; too small")),
            Shape(#"{"id":"g","status":"error","error":{"name":"Unsafe"}}"#, failure("Unsafe")),
            Shape(#"{"id":"g","status":"error","error":null}"#, failure("The API gave no reason.")),
            Shape("[]", nil), Shape("null", nil), Shape(#"{"message":"hello"}"#, nil), Shape("<html>", nil),
            Shape("", nil),
        ]
}

@Suite("Reading answers")
struct AnswerShapeTests {
    @Test("Every shape of a generation is read", arguments: Shape.all)
    func shapes(_ shape: Shape) {
        let update = GenerationUpdate(Answer(status: 200, text: shape.body), knownID: nil)
        #expect(update?.phase == shape.phase)
        #expect((update?.remark != nil) == shape.remarks)
    }

    @Test("An error beside a completed generation without a video is told, and decides nothing")
    func errorBesideCompleted() {
        let body = #"{"id":"g","status":"completed","error":{"name":"n","message":"upload to storage failed"}}"#
        let update = GenerationUpdate(Answer(status: 200, text: body), knownID: nil)
        #expect(update?.phase == .running && update?.remark?.contains("upload to storage failed") == true)
    }

    @Test("The status is kept in the vendor's spelling")
    func spelling() {
        #expect(
            GenerationUpdate(Answer(status: 200, text: #"{"id":"g","status":"QueueD"}"#), knownID: nil)?.status
                == "QueueD")
    }

    @Test(
        "Charges are read from the body, else from the headers",
        arguments: [
            (
                #"{"meta":{"usage":{"credits_used":120,"usd_spent":0.5}}}"#, HTTPHeaders(),
                Charge(credits: 120, usd: 0.5)
            ),
            (#"{"meta":{"usage":{"tokens_used":"99.5"}}}"#, [:], Charge(credits: 99.5)),
            (
                #"{"meta":{"usage":{"tokens_used":1,"credits_used":2}}}"#, ["x-aimlapi-credits-used": "3"],
                Charge(credits: 2)
            ),
            (
                "{}", ["x-aimlapi-credits-used": "1000000", "X-AIMLAPI-USD-Spent": "0.5"],
                Charge(credits: 1_000_000, usd: 0.5)
            ),
            (#"{"meta":{"usage":{"credits_used":null}}}"#, ["x-aimlapi-credits-used": "many"], Charge()),
            (#"{"meta":{"usage":{"credits_used":-5,"usd_spent":"nan"}}}"#, [:], Charge()),
            (#"{"meta":{"usage":{"credits_used":1e300,"usd_spent":"inf"}}}"#, [:], Charge()),
            (#"{"meta":{"usage":{"credits_used":"0x10","usd_spent":true}}}"#, [:], Charge()),
            (#"{"meta":{"usage":{"credits_used":"NaN","tokens_used":7}}}"#, [:], Charge(credits: 7)),
            (#"{"meta":{"usage":null},"usage":{"credits_used":" 8 "}}"#, [:], Charge(credits: 8)),
            (
                #"{"meta":[],"usage":3}"#, ["x-aimlapi-usd-spent": "-1", "x-aimlapi-credits-used": "0"],
                Charge(credits: 0)
            ),
        ] as [(String, HTTPHeaders, Charge)])
    func charges(body: String, headers: HTTPHeaders, charge: Charge) {
        #expect(Charge(Answer(status: 200, headers: headers, text: body)) == charge)
    }

    @Test(
        "Errors speak in the API's own words, whatever the envelope",
        arguments: [
            (
                #"{"requestId":"r","statusCode":"400","timestamp":"t","path":"/v2","message":"bad duration"}"#,
                "bad duration"
            ),
            (#"{"message":["a","b","a"],"statusCode":400}"#, "a; b"),
            (
                #"{"title":"Bad","status":400,"message":"invalid","instance":"/x","error":{"name":"N","message":"cfg_scale is 2","data":{"kind":"k"}}}"#,
                "invalid; cfg_scale is 2"
            ),
            (
                #"{"message":[{"path":["dynamic_masks",0,"mask"],"message":"missing"}]}"#,
                "dynamic_masks.0.mask: missing"
            ),
            (#"{"error":"plain"}"#, "plain"), (#""just this""#, "just this"),
            (#"{"title":"Only a title"}"#, "Only a title"),
            ("<html><head><title>\n502 Bad\u{20}Gateway </title></head><body>x</body></html>", "502 Bad Gateway"),
            ("<p>Service<br>unavailable</p><script>alert(1)</script>", "Service unavailable"),
            ("plain words", "plain words"),
        ])
    func words(body: String, words: String) {
        #expect(Answer(status: 400, text: body).words == "HTTP 400: " + words)
    }

    @Test("An error without words is its status; a flood of words is cut")
    func extremes() {
        #expect(Answer(status: 502, text: "").words == "HTTP 502")
        #expect(Answer(status: 400, text: #"{"a":1}"#).words == "HTTP 400")
        let flood = Answer(status: 400, text: #"{"message":"\#(String(repeating: "x", count: 900_000))"}"#)
        #expect(flood.words.count < 2_100)
    }

    @Test(
        "Retry-After is seconds or a date, or is not there",
        arguments: [
            (["Retry-After": "7"], 7), (["retry-after": " 0.5 "], 0.5), (["Retry-After": "-4"], 0),
            (["Retry-After": "1e99"], 86_400),
            (["Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT", "Date": "Sun, 06 Nov 1994 08:48:37 GMT"], 60),
            (["Retry-After": "Sunday, 06-Nov-94 08:49:37 GMT", "Date": "Sun Nov  6 08:48:37 1994"], 60),
            (["Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT", "Date": "Sun, 06 Nov 1994 08:59:37 GMT"], 0),
            (["Retry-After": "Thu, 01 Jan 1970 00:00:30 GMT"], 30), (["Retry-After": "soon"], nil), ([:], nil),
        ] as [(HTTPHeaders, Double?)])
    func retryAfter(headers: HTTPHeaders, seconds: Double?) {
        let answer = Answer(status: 429, headers: headers, text: "")
        #expect(answer.retryAfter(now: Date(timeIntervalSince1970: 0)) == seconds.map { Duration.seconds($0) })
    }

    @Test("A page of the request log is read row by row")
    func log() throws {
        let text = """
            {"data":[
              {"created":"2026-03-04T05:06:07.250Z","status":"succeeded","model":"m","cost":{"usd":0.5,"credits":1000000},"tokens":{},
               "request_id":null,"inference_id":"a:b/c","client_request_id":"hotreel-1-1"},
              {"created":"2026-03-04T05:06:07","status":"FAILED","cost":null,"inference_id":"d","client_request_id":null},
              {"created":"2026-03-04T06:06:07+01:00","status":"succeeded","inference_id":"e"},
              {"created":"long ago","status":"succeeded","inference_id":"f","cost":{"usd":0,"credits":0}},
              {"status":"succeeded","inference_id":""}, 5],
             "pagination":{"limit":100,"offset":0,"total":5,"has_more":true}}
            """
        let page = try #require(RequestLogPage(Answer(status: 200, text: text), offset: 0))
        let noon = Date(timeIntervalSince1970: 1_772_600_767)
        #expect(page.hasMore && page.rows.map(\.inferenceID.rawValue) == ["a:b/c", "d", "e", "f"])
        #expect(page.rows.map(\.created) == [noon.addingTimeInterval(0.25), noon, noon, nil])
        #expect(page.rows.map(\.outcome) == [.succeeded, .failed, .succeeded, .succeeded] && page.count == 6)
        #expect(page.rows.map(\.clientRequestID) == ["hotreel-1-1", nil, nil, nil])
        #expect(page.rows.map(\.charge.credits) == [1_000_000, nil, nil, 0])
    }

    @Test(
        "A row has failed only where it says so and cost nothing; what nobody knows stays unknown",
        arguments: [
            (#""status":"succeeded""#, .succeeded), (#""status":" Succeeded ""#, .succeeded),
            (#""status":"failed""#, .failed), (#""status":"FAILED","cost":{"usd":0,"credits":0}"#, .failed),
            (#""status":"failed","cost":{"usd":0.3,"credits":0}"#, .unknown("failed, yet charged")),
            (#""status":"failed","cost":{"credits":"630000"}"#, .unknown("failed, yet charged")),
            (#""status":"running""#, .unknown("running")), (#""status":"error""#, .unknown("error")),
            (#""status":"""#, .unknown("none given")), (#""status":null"#, .unknown("none given")),
            (#""status":0"#, .unknown("none given")), (#""model":"m""#, .unknown("none given")),
        ] as [(String, RequestLogPage.Row.Outcome)])
    func rowOutcome(row: String, outcome: RequestLogPage.Row.Outcome) throws {
        let text = #"{"data":[{"inference_id":"a",\#(row)}]}"#
        let page = try #require(RequestLogPage(Answer(status: 200, text: text), offset: 0))
        #expect(page.rows.map(\.outcome) == [outcome] && page.rows[0].succeeded == (outcome == .succeeded))
    }

    @Test(
        "A balance is a number or a string of digits, in its currency",
        arguments: [
            (#"{"current_balance":12.5,"currency":"USD"}"#, Balance(amount: 12.5)),
            (#"{"current_balance":"12.50","currency":"eur"}"#, Balance(amount: 12.5, currency: "EUR")),
            (#"{"current_balance":0,"currency":""}"#, Balance(amount: 0)),
            (#"{"current_balance":"-3","currency":null}"#, Balance(amount: -3)),
            (#"{"current_balance":7}"#, Balance(amount: 7)),
            (#"{"current_balance":"much"}"#, nil), (#"{"current_balance":"nan"}"#, nil),
            (#"{"current_balance":null}"#, nil),
            (#"{"currency":"USD"}"#, nil), ("[]", nil), ("7", nil), ("<html>", nil),
        ] as [(String, Balance?)])
    func balance(body: String, balance: Balance?) {
        #expect(Balance(Answer(status: 200, text: body)) == balance)
    }

    @Test(
        "Whether a log goes on is read from whatever says it",
        arguments: [
            (#"{"data":[],"pagination":{"has_more":true}}"#, true), (#"{"data":[{}],"pagination":{"total":7}}"#, true),
            (#"{"data":[{}],"pagination":{"total":6}}"#, false), (#"{"data":[{}]}"#, false),
            (#"{"data":[\#(Array(repeating: "{}", count: 100).joined(separator: ","))]}"#, true),
        ])
    func logGoesOn(text: String, hasMore: Bool) {
        #expect(RequestLogPage(Answer(status: 200, text: text), offset: 5)?.hasMore == hasMore)
    }
}
