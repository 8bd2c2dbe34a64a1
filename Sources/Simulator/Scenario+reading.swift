import Foundation
import HTTPTypes
import Jobs

extension Scenario {
    /// Reads a scenario's document.
    ///
    /// - Parameter file: the name under which a problem is told.
    package init(_ bytes: [UInt8], file: String) throws(ScenarioError) {
        let top = try ScenarioObject(try Self.document(bytes, file: file), file: file)
        try top.allow(["faults", "logs", "maxInFlight", "balance"], place: "a scenario")
        if let value = top.value("faults") {
            guard let list = value.arrayValue else {
                throw top.problem("faults", "it must be a list in [ ]", "Write [ { \"operation\": …, \"fault\": … } ].")
            }
            for (index, entry) in list.enumerated() {
                faults.append(try Fault(try ScenarioObject(entry, file: file, path: "faults[\(index)]")))
            }
        }
        if top.isNull("logs") {
            logs = .some(nil)
        } else if let value = top.value("logs") {
            logs = .some(try LogVisibility(try ScenarioObject(value, file: file, path: "logs")))
        }
        if top.isNull("maxInFlight") {
            maxInFlight = .some(nil)
        } else if let number = try top.number("maxInFlight", in: 0...Int.max) {
            maxInFlight = .some(number)
        }
        balance = try top.amount("balance")
    }

    /// Reads `{"usd": 100}`.
    static func topUp(_ bytes: [UInt8], file: String) throws(ScenarioError) -> Double {
        let object = try ScenarioObject(try document(bytes, file: file), file: file)
        try object.allow(["usd"], place: "a top-up")
        return try object.required("usd", try object.amount("usd"))
    }

    private static func document(_ bytes: [UInt8], file: String) throws(ScenarioError) -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        } catch {
            var reason = "\(error)"
            if case DecodingError.dataCorrupted(let context) = error {
                reason = context.underlyingError.map { "\($0)" } ?? context.debugDescription
            }
            throw ScenarioError(
                problem: Problem(
                    file: file, value: reason, rule: "it is not JSON",
                    remedy: "Correct it; comments and commas after the last entry are not JSON."))
        }
    }
}

extension LogVisibility {
    fileprivate init(_ object: ScenarioObject) throws(ScenarioError) {
        try object.allow(["lag", "until", "missing", "prompt"], place: "logs")
        guard ["lag", "until", "missing"].filter(object.has).count == 1 else {
            throw object.problem(
                "lag", "exactly one of lag, until and missing must be said",
                "Write {\"lag\": \"3s\"}, {\"until\": \"ended\"} or {\"missing\": true}; null for rows at once.")
        }
        if let lag = try object.duration("lag") {
            moment = .after(lag)
        } else if let until = try object.text("until") {
            guard until == "ended" else { throw object.problem("until", "it can only be \"ended\"", "Write that.") }
            moment = .ended
        } else {
            guard try object.flag("missing") == true else {
                throw object.problem("missing", "it can only be true", "Write null for logs to have rows at once.")
            }
            moment = .never
        }
        prompt = try object.text("prompt")
    }
}

extension Fault {
    fileprivate init(_ object: ScenarioObject) throws(ScenarioError) {
        let operation: SimulatedOperation = try object.required("operation", try object.choice("operation"))
        let kind: Kind = try object.required("fault", try object.choice("fault") { $0.fits(operation) })
        self.init(operation, kind)
        var keys = ["operation", "fault", "from", "times"] + kind.keys
        if operation != .logs, operation != .billing, kind != .dropEarly { keys.append("prompt") }
        if operation == .create, kind != .dropEarly { keys.append("accepted") }
        try object.allow(keys, place: "a fault \(kind.rawValue) of \(operation.rawValue)")

        prompt = try object.text("prompt")
        from = try object.number("from", in: 1...Int.max) ?? 1
        if object.value("times") == "always" {
            times = nil
        } else {
            times = try object.number("times", in: 1...Int.max) ?? 1
        }
        accepted = try object.flag("accepted") ?? false
        if kind.altersUsualAnswer, try object.flag("accepted") == false {
            throw object.problem(
                "accepted", "\(kind.rawValue) alters the usual answer, so the generation is made", "Remove the key.")
        }
        delay = try object.duration("delay") ?? .zero
        if kind == .late, delay == .zero {
            throw object.problem("delay", "late needs a delay", "Write \"delay\": \"2s\".")
        }
        bytes = try object.number("bytes", in: (kind == .drip ? 1 : 0)...Int.max)
        message = try object.text("message")
        if kind == .status { try readStatus(object) }
    }

    private mutating func readStatus(_ object: ScenarioObject) throws(ScenarioError) {
        status = .known(try object.required("status", try object.number("status", in: 200...599)))
        envelope = try object.choice("envelope") ?? .statusCode
        if [204, 304].contains(status.code), envelope != .none {
            throw object.problem("envelope", "an answer with status \(status.code) has no body", "Write \"none\".")
        }
        errorName = try object.text("name")
        errorKind = try object.text("kind")
        for key in ["name", "kind"] where object.has(key) && envelope != .title {
            throw object.problem(
                key, "only the envelope title has it", "Write \"envelope\": \"title\", or remove the key.")
        }
        guard let value = object.value("headers") else { return }
        let fields = try ScenarioObject(value, file: object.file, path: object.path + ".headers")
        for key in (value.objectValue ?? [:]).keys.sorted() {
            guard let name = HTTPField.Name(key), let text = try fields.text(key) else {
                throw fields.problem(key, "this is no header's name", "Write one such as \"Retry-After\".")
            }
            headers[name] = text
        }
    }
}

extension HTTPResponse.Status {
    /// With its name, where it is one that gateways and the vendor answer with.
    fileprivate static func known(_ code: Int) -> Self {
        let named: [Self] = [
            .ok, .created, .accepted, .noContent, .badRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed,
            .requestTimeout, .conflict, .gone, .contentTooLarge, .unsupportedMediaType, .unprocessableContent,
            .tooManyRequests, .internalServerError, .badGateway, .serviceUnavailable, .gatewayTimeout,
            Self(code: 402, reasonPhrase: "Payment Required"), Self(code: 524, reasonPhrase: "A Timeout Occurred"),
        ]
        return named.first { $0.code == code } ?? Self(code: code, reasonPhrase: "Status \(code)")
    }
}
