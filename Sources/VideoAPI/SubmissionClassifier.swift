import Jobs

/// How a POST ended, as far as it can be seen from here.
enum SubmissionEnding: Sendable {
    /// No byte of the body was handed to a connection.
    case unsent(Trouble)
    /// Bytes went out and no answer came.
    case unanswered(String)
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
        case .unanswered(let why): .unconfirmed(reason: "\(why), after the request had begun to go out.")
        case .answered(let answer): outcome(answer)
        }
    }

    private static func outcome(_ answer: Answer) -> SubmissionOutcome {
        let namedID = answer.header("x-inference-id").map(GenerationID.init)
        switch answer.status {
        case 200..<300:
            // The body may be cut or be a gateway's page: the header alone tells that, and as what, it was taken.
            if let update = GenerationUpdate(answer, knownID: namedID) { return .accepted(update) }
            return .unconfirmed(
                reason: "The API said yes without a generation id (\(answer.brokenOff ?? answer.words)).")

        // A moved address that is to be asked in the same way (RFC 9110, 15.4): this one did nothing. 302 and 303 also
        // follow on a form that was processed, so they prove nothing.
        case 301, 307, 308,
            // The gateway's refusals before anything runs: key, credit, rate, or not this API at all.
            401, 402, 403, 405, 406, 410, 415, 421, 426, 429:
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
            let id = namedID.map { ", and names generation \($0)" } ?? ""
            return .unconfirmed(
                reason: "The API answered without saying whether it took the request (\(answer.words))\(id).")
        }
    }

    /// The vendor's own codes, never plain words: a 400 that quotes a prompt about credit is about the prompt.
    private static func saysOutOfCredit(_ answer: Answer) -> Bool {
        ["err_insufficent_credits", "OutOfFundsException"].contains(where: answer.text.contains)
    }

    private static func saysModel(_ answer: Answer) -> Bool {
        answer.json != nil && answer.text.lowercased().contains("model")
    }
}
