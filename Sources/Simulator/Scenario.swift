/// What goes wrong at the far end, and what it has to give: the contents of `hotreel simulate --scenario FILE`, and of
/// `POST /_simulator/scenario` while it runs.
///
/// ```json
/// {
///   "faults": [
///     { "operation": "create",            // create | poll | logs | billing | download
///       "prompt": "shot7",                // only requests about generations whose prompt contains this; not for logs, billing
///       "from": 1,                        // the first of the matching requests that is faulted; 1 unless said
///       "times": 2,                       // how many of them from there on, or "always"; 1 unless said
///       "accepted": true,                 // create: the generation is made and billed, though the answer is the fault
///       "fault": "status", "delay": "500ms",
///       "status": 503, "envelope": "title", "message": "Upstream is down", "headers": {"Retry-After": "2"} }
///   ],
///   "logs": { "lag": "3s" },              // or {"until": "ended"} or {"missing": true}; each may name a "prompt"
///   "maxInFlight": 4,                     // more at once are answered 429 without Retry-After; null lifts it
///   "balance": 12.5                       // USD; a create it cannot pay for is refused with 403 err_insufficent_credits
/// }
/// ```
/// (Real documents are JSON without comments; every key is optional but a fault's `operation` and `fault`.)
///
/// **Which request is hit.** Each fault counts the requests it matches: those of its operation, with the right key and
/// well formed, about its prompt. It counts them all, also those that another fault takes. A request gets the first
/// fault of the list whose turn it is, else the usual answer. Counting is one step, so which request is the n-th may be
/// chance among requests at one time, but n of them are hit. `drop-early` alone is decided before the body, and so before
/// all others. What follows a redirect, and what asks for an expired link, is not counted.
///
/// **What a create with a fault leaves.** Nothing, unless `accepted`; faults that stand on the usual answer (marked *)
/// have made it, so with them it is accepted always. It is made before any `delay`.
///
/// | fault | operations | what happens | keys besides `delay` |
/// |---|---|---|---|
/// | `status` | all | this HTTP status, 200–599 | `status`, `envelope`, `message`, `headers`, `name`, `kind` |
/// | `hang` | all | the request is taken in and never answered, until the client goes (no `delay`) | |
/// | `drop` | all | the request is read whole, then the connection is closed | |
/// | `drop-early` | all | the connection is reset before the body is read (no `prompt`, `accepted`, `delay`) | |
/// | `late`* | all | the usual answer after `delay` (required) | |
/// | `truncate`* | all | the full length announced, `bytes` of it sent (half unless said), closed | `bytes` |
/// | `wrong-length`* | all | the whole body, but `bytes` announced (half unless said); closed | `bytes` |
/// | `drip`* | all | `bytes` (16) every `delay` (1s) | `bytes` |
/// | `empty`, `html` | all | 200 with no body, with a page | |
/// | `huge` | all | 200 with a body that does not end, or ends after `bytes` | `bytes` |
/// | `no-id`* | create | no `id` in the body, `x-inference-id` is there | |
/// | `no-id-at-all`* | create | neither | |
/// | `unknown-status`* | poll | the status is `message` (`thinking`) | `message` |
/// | `upper-case`* | poll | the status is written `COMPLETED` | |
/// | `backwards`* | poll | `queued`, whatever it was before | |
/// | `completed-without-url`* | poll | `completed`, `video` null | |
/// | `wrong-id`* | poll | the answer, body and header, is about another id | |
/// | `not-found` | poll | 404 | |
/// | `failed`* | poll | the generation ends in `error` (`message`) at once, even if it was done, costs nothing, and stays so | `message` |
/// | `ignore-range`* | download | 200 with everything to a range request | |
/// | `expired` | download | 403 Request has expired, from now on for this link; the next poll gives a new one | |
/// | `redirect` | download | 302, once, to where the file is | |
/// | `redirect-loop` | download | 302 to 302, without end | |
/// | `redirect-file` | download | 302 to `file:///etc/passwd` | |
/// | `redirect-private` | download | 302 to `http://169.254.169.254/` | |
/// | `garbage` | download | 200 video/mp4, `bytes` (100,000) that are no video | `bytes` |
///
/// `envelope` is `statusCode` (`{requestId,statusCode,timestamp,path,message}`, the default), `title`
/// (`{title,status,message,…,error:{name,message,data:{kind}}}`, with `name` and `kind`), `array` (the first with a list
/// of messages), `string` (the first with its code as text), `html` (a gateway's page) or `none` (no body).
///
/// `logs` says when a generation's row appears in `/v2/logs`: `lag` after it was accepted, once it has ended, or never.
///
/// **At run time** the document's `faults` replace those before and count from 1 (no `faults`: none), as they do after a
/// restart; of the rest, only what it names changes, and null means as usual. `balance` is then what is left from now on;
/// at the start it is what there was before anything that the stand-in remembers was made, so that a restart refills
/// nothing.
package struct Scenario: Sendable, Equatable {
    package var faults: [Fault] = []
    /// Each outer nil leaves as it is, each inner nil is as usual.
    package var logs: LogVisibility??
    package var maxInFlight: Int??
    package var balance: Double?

    package init() {}
}

/// When a generation's row appears among the past requests.
package struct LogVisibility: Sendable, Equatable {
    package enum Moment: Sendable, Equatable {
        case after(Duration)
        case ended
        case never
    }

    package var moment: Moment
    /// Only generations whose prompt contains this; others appear at once.
    package var prompt: String?

    package init(_ moment: Moment, prompt: String? = nil) {
        self.moment = moment
        self.prompt = prompt
    }

    func shows(_ generation: Generation, status: Generation.Status, at now: ContinuousClock.Instant) -> Bool {
        if let prompt, !generation.prompt.contains(prompt) { return true }
        return switch moment {
        case .after(let lag): generation.start.duration(to: now) >= lag
        case .ended: status.isEnd
        case .never: false
        }
    }
}
