import Jobs
import Simulator
import Testing

@Suite struct ScenarioReadingTests {
    private func read(_ text: String) throws(ScenarioError) -> Scenario {
        try Scenario(Array(text.utf8), file: "bad.json")
    }

    @Test("A scenario is read as it is described")
    func whole() throws {
        let scenario = try read(
            """
            { "faults": [
                { "operation": "create", "prompt": "shot7", "from": 2, "times": "always", "accepted": true,
                  "fault": "status", "delay": "500ms", "status": 503, "envelope": "title", "message": "down",
                  "name": "Maintenance", "kind": "err_down", "headers": {"Retry-After": "2"} },
                { "operation": "download", "fault": "truncate", "bytes": 1000 } ],
              "logs": { "lag": "3s", "prompt": "shot" }, "maxInFlight": 4, "balance": 12.5 }
            """)
        var status = Fault(.create, .status)
        status.prompt = "shot7"
        status.from = 2
        status.times = nil
        status.accepted = true
        status.delay = .milliseconds(500)
        status.status = .serviceUnavailable
        status.envelope = .title
        status.message = "down"
        status.errorName = "Maintenance"
        status.errorKind = "err_down"
        status.headers[.retryAfter] = "2"
        var truncate = Fault(.download, .truncate)
        truncate.bytes = 1000
        #expect(scenario.faults == [status, truncate])
        #expect(scenario.logs == .some(.some(LogVisibility(.after(.seconds(3)), prompt: "shot"))))
        #expect(scenario.maxInFlight == .some(4))
        #expect(scenario.balance == 12.5)
        #expect(try read("{}") == Scenario())
        #expect(try read(#"{"logs":null,"maxInFlight":null}"#).logs == .some(nil))
    }

    @Test("Every fault of the table fits its operations, and no other")
    func kinds() {
        for kind in Fault.Kind.allCases {
            for operation in SimulatedOperation.allCases {
                let needs = kind == .late ? #","delay":"1s""# : kind == .status ? #","status":500"# : ""
                let text = #"{"faults":[{"operation":"\#(operation)","fault":"\#(kind.rawValue)"\#(needs)}]}"#
                let fits = (try? read(text)) != nil
                #expect(fits == expected(kind, operation), "\(kind) \(operation)")
            }
        }
    }

    private func expected(_ kind: Fault.Kind, _ operation: SimulatedOperation) -> Bool {
        switch kind.rawValue {
        case "no-id", "no-id-at-all": operation == .create
        case "unknown-status", "upper-case", "backwards", "completed-without-url", "wrong-id", "not-found", "failed":
            operation == .poll
        case "ignore-range", "expired", "redirect", "redirect-loop", "redirect-file", "redirect-private", "garbage":
            operation == .download
        default: true
        }
    }

    struct Mistake: Sendable {
        let text: String
        let key: String?
        let value: String?
        /// Part of the rule or the remedy.
        let says: String

        init(_ text: String, _ key: String?, _ value: String?, _ says: String) {
            (self.text, self.key, self.value, self.says) = (text, key, value, says)
        }

        /// In the only fault of a scenario.
        static func fault(_ members: String, _ key: String, _ value: String?, _ says: String) -> Mistake {
            Mistake(#"{"faults":[{\#(members)}]}"#, "faults[0].\(key)", value, says)
        }
    }

    static let mistakes: [Mistake] = [
        Mistake(#"{"fault":[]}"#, "fault", "[]", "balance, faults, logs, maxInFlight"),
        Mistake(#"{"faults":{}}"#, "faults", "{}", "list"),
        Mistake(#"{"faults":["hang"]}"#, "faults[0]", #""hang""#, "{ }"),
        Mistake(#"{"maxInFlight":-1}"#, "maxInFlight", "-1", "0 or more"),
        Mistake(#"{"balance":"12"}"#, "balance", #""12""#, "USD"),
        Mistake(#"{"logs":{}}"#, "logs.lag", nil, "exactly one"),
        Mistake(#"{"logs":{"lag":"3s","missing":true}}"#, "logs.lag", #""3s""#, "exactly one"),
        Mistake(#"{"logs":{"until":"later"}}"#, "logs.until", #""later""#, "ended"),
        Mistake(#"{"logs":{"missing":false}}"#, "logs.missing", "false", "true"),
        Mistake("[1]", nil, "[1]", "{ }"), Mistake("{", nil, nil, "JSON"), Mistake("", nil, nil, "JSON"),
        .fault(#""fault":"hang""#, "operation", nil, "must be said"),
        .fault(#""operation":"pull","fault":"hang""#, "operation", #""pull""#, "billing, create, download, logs, poll"),
        .fault(#""operation":"poll""#, "fault", nil, "must be said"),
        .fault(#""operation":"poll","fault":"hung""#, "fault", #""hung""#, "hang"),
        .fault(#""operation":"poll","fault":"expired""#, "fault", #""expired""#, "unknown-status"),
        .fault(#""operation":"poll","fault":"hang","accepted":true"#, "accepted", "true", "no such key"),
        .fault(#""operation":"logs","fault":"hang","prompt":"a""#, "prompt", #""a""#, "no such key"),
        .fault(#""operation":"create","fault":"drop-early","prompt":"a""#, "prompt", #""a""#, "no such key"),
        .fault(#""operation":"poll","fault":"hang","status":500"#, "status", "500", "no such key"),
        .fault(#""operation":"poll","fault":"status""#, "status", nil, "must be said"),
        .fault(#""operation":"poll","fault":"status","status":99"#, "status", "99", "200 to 599"),
        .fault(#""operation":"poll","fault":"status","status":500,"envelope":"xml""#, "envelope", #""xml""#, "title"),
        .fault(#""operation":"poll","fault":"status","status":204"#, "envelope", nil, "none"),
        .fault(#""operation":"poll","fault":"status","status":500,"kind":"x""#, "kind", #""x""#, "title"),
        .fault(
            #""operation":"poll","fault":"status","status":500,"headers":{"Retry After":"2"}"#,
            "headers.Retry After", #""2""#, "Retry-After"),
        .fault(
            #""operation":"poll","fault":"status","status":500,"headers":{"Retry-After":2}"#, "headers.Retry-After",
            "2", "quotes"),
        .fault(#""operation":"poll","fault":"hang","from":0"#, "from", "0", "1 or more"),
        .fault(#""operation":"poll","fault":"hang","times":"ever""#, "times", #""ever""#, "whole number"),
        .fault(#""operation":"poll","fault":"late""#, "delay", nil, "delay"),
        .fault(#""operation":"poll","fault":"late","delay":"2""#, "delay", #""2""#, "500ms"),
        .fault(#""operation":"create","fault":"no-id","accepted":false"#, "accepted", "false", "made"),
    ]

    @Test("What is wrong with a scenario is told with file, key, value, rule and remedy", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
        let error = try #require(throws: ScenarioError.self) { try read(mistake.text) }
        #expect(error.problem.file == "bad.json")
        #expect(error.problem.key == mistake.key)
        if let value = mistake.value { #expect(error.problem.value == value) }
        #expect((error.problem.rule + error.problem.remedy).contains(mistake.says), "\(error)")
        #expect("\(error)".hasPrefix("bad.json"))
    }
}
