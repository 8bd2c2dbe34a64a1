import Jobs

extension Trouble {
    /// What an answer that is no success says about the world. Says nothing about whether a POST was taken.
    init(_ answer: Answer) {
        let words = answer.words
        switch answer.status {
        case 401:
            self.init(
                kind: .key,
                message: "The API does not accept the key (\(words)). Put a valid key where Hotreel reads it.")
        case 402:
            self.init(credit: words)
        case 403:
            self.init(forbidden: answer)
        case 429:
            self.init(
                kind: .rate,
                message: "The API asks for fewer requests (\(words)). Nothing needs doing: Hotreel slows down.",
                retryAfter: answer.retryAfter())
        case 300..<400:
            let place = answer.header("Location").map { " to \($0)" } ?? ""
            self.init(
                kind: .api,
                message:
                    "The API redirects\(place), which Hotreel does not follow with the key (\(words)). Set api.url to the API's own address."
            )
        case 404, 405, 406, 410, 415, 421, 426:
            self.init(
                kind: .api,
                message:
                    "There is no such API at this address (\(words)). Check api.url, and that nothing in between rewrites requests."
            )
        default:
            self.init(
                kind: .api,
                message: "The API does not work as it should (\(words)). Nothing needs doing unless it lasts.",
                retryAfter: answer.retryAfter(), status: answer.status)
        }
    }

    /// 403 is the vendor's way to say "out of credit", and also "verify your billing", "this key's limit is reached" and
    /// "this key may not"; a gateway's firewall says it with a page.
    private init(forbidden answer: Answer) {
        let said = answer.text.lowercased()
        if Self.creditWords.contains(where: said.contains) {
            self.init(credit: answer.words)
        } else if answer.json == nil, !answer.text.isEmpty {
            self.init(
                kind: .api,
                message:
                    "Something before the API refuses access (\(answer.words)). Check the network, a proxy or firewall, and api.url."
            )
        } else {
            self.init(
                kind: .key,
                message:
                    "The API refuses access (\(answer.words)). Look at the key and its permissions in the API's account page."
            )
        }
    }

    init(credit words: String) {
        self.init(
            kind: .credit,
            message:
                "The API's account cannot pay for a video now (\(words)). Look at credit, billing verification and the key's own limit in the API's account page."
        )
    }

    /// `err_insufficent_credits` (the vendor's spelling), `OutOfFundsException`, billing verification, a key's limit.
    private static let creditWords = [
        "insufficent", "insufficient", "credit", "funds", "balance", "billing", "payment", "verif", "limit", "quota",
    ]
}
