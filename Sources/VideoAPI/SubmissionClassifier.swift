import Jobs

/// How a POST ended, as far as it can be seen from here.
enum SubmissionEnding: Sendable {
    /// No byte of the body was handed to a connection.
    case unsent(Trouble)
    /// Bytes went out and no answer came; why, as a clause.
    case unanswered(String, host: String)
    /// An answer came, perhaps not to its end.
    case answered(Answer)
}

/// Decides what a POST's end means for the money: the one place where that is decided.
///
/// Only two things count as surely not taken: nothing was sent, or the API said so in a status that means it. All else
/// is unconfirmed, for a second POST might be paid twice.
enum SubmissionClassifier {
    static func outcome(_ ending: SubmissionEnding) -> SubmissionOutcome {
        switch ending {
        case .unsent(let trouble): .notTaken(trouble)
        case .unanswered(let why, let host):
            .unconfirmed(
                reason:
                    "The request had begun to go out to \(host), then \(why). Whether it was taken is not known yet.")
        case .answered(let answer): outcome(answer)
        }
    }

    private static func outcome(_ answer: Answer) -> SubmissionOutcome {
        if answer.succeeded { return accepted(answer) }
        let refusal = refusal(answer)
        switch refusal {
        case .notTaken, .refused:
            // A refusal that names what it cost, or that holds a generation, contradicts itself. `x-inference-id` alone does not: the
            // vendor's log gives failed requests an id too, at no cost.
            guard Charge(answer).isSomething || holdsGeneration(answer) else { return refusal }
            return unsure(answer, "refused the request and yet names a charge or a generation")
        case .accepted, .unconfirmed: return refusal
        }
    }

    private static func accepted(_ answer: Answer) -> SubmissionOutcome {
        let named = answer.header("x-inference-id").map(GenerationID.init)
        let body = answer.json?.objectValue ?? [:]
        guard let given = GenerationUpdate.id(in: body) else {
            guard let named else {
                return .unconfirmed(
                    reason:
                        "The API said yes without a generation id (\(answer.brokenOff ?? answer.words)). Whether it took the request is not known yet."
                )
            }
            // The body is cut, or a gateway's page or message: the header tells that the request was taken, and as what. How it fares is
            // for a poll to say.
            return .accepted(
                GenerationUpdate(
                    id: named, status: "none given", phase: .running, charge: Charge(answer),
                    remark: "The API's answer named the generation, \(named), only in a header."))
        }
        let update = GenerationUpdate(answer, id: given)
        guard let named, named != given else { return .accepted(update) }
        // The body's id is the one the specification says to poll with.
        let differ =
            "The API's answer names two generations, \(given) in its body and \(named) in a header; the first is followed."
        return .accepted(
            GenerationUpdate(
                id: update.id, status: update.status, phase: update.phase, charge: update.charge,
                remark: [update.remark, differ].compactMap(\.self).joined(separator: " ")))
    }

    /// What a status that is no success means by itself.
    private static func refusal(_ answer: Answer) -> SubmissionOutcome {
        switch answer.status {
        // A moved address that is to be asked in the same way (RFC 9110, 15.4): this one did nothing. 302 and 303 also
        // follow on a form that was processed, so they prove nothing.
        case 301, 307, 308,
            // The gateway's refusals before anything runs: key, credit, rate, or not this API at all. Not 406, which some servers say
            // when the work is done and only its answer does not please.
            401, 402, 403, 405, 410, 415, 421, 426, 429:
            return .notTaken(Trouble(answer))

        // One model unknown is the request's fault; a whole address unknown is the configuration's.
        case 404 where !saysModel(answer):
            return .notTaken(Trouble(answer))

        case 400 where saysOutOfCredit(answer):
            return .notTaken(Trouble(credit: answer.words))

        // Validation: the words belong to the person who dropped the files.
        case 400, 404, 413, 422:
            return .refused(APIMessage(status: answer.status, text: answer.said))

        // 408, 409, 5xx, 524, and whatever nobody has seen yet: the work may have begun before this was said.
        default:
            return unsure(answer, "answered without saying whether it took the request")
        }
    }

    private static func unsure(_ answer: Answer, _ what: String) -> SubmissionOutcome {
        let id = answer.header("x-inference-id").map { ", and names generation \($0)" } ?? ""
        return .unconfirmed(reason: "The API \(what) (\(answer.words))\(id). Whether it was taken is not known yet.")
    }

    /// A generation's own id and state in the body, such as only a request that was taken has.
    private static func holdsGeneration(_ answer: Answer) -> Bool {
        guard let body = answer.json?.objectValue, let id = GenerationUpdate.id(in: body),
            body["status"]?.stringValue != nil
        else { return false }
        return if case .failed = GenerationUpdate(answer, id: id).phase { false } else { true }
    }

    /// The vendor's own codes, never plain words: a 400 that quotes a prompt about credit is about the prompt.
    private static func saysOutOfCredit(_ answer: Answer) -> Bool {
        ["err_insufficent_credits", "OutOfFundsException"].contains(where: answer.text.contains)
    }

    private static func saysModel(_ answer: Answer) -> Bool {
        answer.json != nil && answer.text.lowercased().contains("model")
    }
}
