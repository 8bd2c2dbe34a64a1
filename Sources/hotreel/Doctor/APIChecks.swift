import Foundation
import Logging
import VideoAPI

/// Whether the API answers, takes the key, and tells the same time; what the account holds.
struct APIChecks {
    let settings: Settings

    func run() async -> [Finding] {
        guard case .remote(let url) = settings.api else {
            return [.ok("api", "The API is the stand-in inside the service: nothing is billed, and no key is needed.")]
        }
        let key: APIKey
        do {
            key = try APIKeySource.key(environment: ProcessInfo.processInfo.environment, file: settings.apiKeyFile)
        } catch let error as ConfigurationError {
            return [
                .failure("key", "There is no usable API key (\(error.place)): \(error.rule).", remedy: error.remedy)
            ]
        } catch {
            return [.failure("key", "There is no usable API key: \(error)", remedy: "Set AIML_API_KEY or api.keyFile.")]
        }
        let client = HTTPGenerationClient(
            configuration: HTTPGenerationClientConfiguration(baseURL: url, apiKey: key),
            logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
        let examination = await client.examineAccount()
        // Nothing is under way any more that could fail.
        try? await client.shutdown()
        return Self.findings(examination, url: url)
    }

    static func findings(_ examination: AccountExamination, url: URL) -> [Finding] {
        var findings: [Finding] = []
        switch examination.balance {
        case .success(let balance):
            findings.append(.ok("api", "The API at \(url) answers."))
            findings.append(.ok("key", "The API takes the key."))
            let sum = "\(balance.amount.formatted(.number.precision(.fractionLength(2)))) \(balance.currency)"
            findings.append(
                balance.amount <= 0
                    ? .failure(
                        "balance", "The account holds \(sum): nothing can be made.",
                        remedy: "Top it up; drops wait until then.")
                    : balance.amount < 5
                        ? .warning(
                            "balance", "The account holds \(sum).",
                            remedy: "Top it up soon; drops wait when it is used up.")
                        : .ok("balance", "The account holds \(sum)."))
        case .failure(let trouble):
            let check = trouble.kind == .key ? "key" : trouble.kind == .credit ? "balance" : "api"
            findings.append(
                .failure(
                    check, trouble.message,
                    remedy: check == "key"
                        ? "Look at the key at the API's own pages; it may be for another account, or withdrawn."
                        : check == "balance"
                            ? "Top up the account." : "Look at the network, api.url, and whether the API is up."))
        }
        if let skew = examination.skew { findings.append(clock(skew)) }
        return findings
    }

    private static func clock(_ skew: Duration) -> Finding {
        let seconds = skew / .seconds(1)
        let off = Duration.seconds(abs(seconds)).measured
        let words = "This machine's clock is \(off) \(seconds > 0 ? "behind" : "ahead of") the API's"
        let remedy = "Set it by NTP: timedatectl set-ntp true"
        if abs(seconds) > 300 {
            return .failure(
                "clock", "\(words): a request whose answer was lost would be looked for at the wrong time.",
                remedy: remedy)
        }
        return abs(seconds) > 10
            ? .warning("clock", "\(words).", remedy: remedy)
            : .ok("clock", "This machine's clock agrees with the API's.")
    }
}
