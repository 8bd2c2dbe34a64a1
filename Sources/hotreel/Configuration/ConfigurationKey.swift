/// Every setting there is. The reference in the README and the file `init` writes are made from this list.
enum ConfigurationKey: String, CaseIterable {
    case inbox, outbox, state, store
    case apiURL = "api.url"
    case apiKeyFile = "api.keyFile"
    case apiPollInterval = "api.pollInterval"
    case apiSubmitTimeout = "api.submitTimeout"
    case apiMaxInFlight = "api.maxInFlight"
    case apiSubmitsPerSecond = "api.submitsPerSecond"
    case apiRetryInterval = "api.retryInterval"
    case apiLookupPatience = "api.lookupPatience"
    case apiResubmitUnconfirmed = "api.resubmitUnconfirmed"
    case intakeWatch = "intake.watch"
    case intakeSettle = "intake.settle"
    case intakeGrace = "intake.grace"
    case intakeRescan = "intake.rescan"
    case intakeListing = "intake.listing"
    case intakeMountCache = "intake.mountCache"
    case intakeOrphanAfter = "intake.orphanAfter"
    case intakeDuplicates = "intake.duplicates"
    case intakeResendWindow = "intake.resendWindow"
    case budgetDailyCredits = "budget.dailyCredits"
    case budgetMonthlyCredits = "budget.monthlyCredits"
    case budgetCreditsPerSecond = "budget.creditsPerSecond"
    case deliveryOriginals = "delivery.originals"
    case deliveryMode = "delivery.mode"
    case deliveryGroup = "delivery.group"
    case deliveryPatience = "delivery.patience"
    case deliveryMaxBytes = "delivery.maxBytes"
    case deliveryPrivateHosts = "delivery.privateHosts"
    case notifyCommand = "notify.command"
    case logFormat = "log.format"
    case logLevel = "log.level"
    case simulatorQueueTime = "simulator.queueTime"
    case simulatorRenderTime = "simulator.renderTime"
    case simulatorScenario = "simulator.scenario"

    /// The value where nobody says otherwise; nil where somebody has to, or nothing is meant.
    var fallback: String? {
        switch self {
        case .inbox, .outbox, .state, .apiKeyFile, .budgetDailyCredits, .budgetMonthlyCredits, .deliveryGroup,
            .notifyCommand, .simulatorScenario:
            nil
        case .store: "sqlite"
        case .apiURL: "https://api.aimlapi.com"
        case .apiPollInterval: "15s"
        case .apiSubmitTimeout: "2m"
        case .apiMaxInFlight: "100"
        case .apiSubmitsPerSecond: "5"
        case .apiRetryInterval: "10s"
        case .apiLookupPatience: "3d"
        case .apiResubmitUnconfirmed: "false"
        case .budgetCreditsPerSecond: "200000"
        case .deliveryMode: "0664"
        case .deliveryPatience: "1d"
        case .deliveryMaxBytes: "4294967296"
        case .deliveryPrivateHosts: "refuse"
        case .intakeWatch: "auto"
        case .intakeSettle: "1s"
        case .intakeGrace: "5s"
        case .intakeRescan: "1m"
        case .intakeListing: "2s"
        case .intakeMountCache: "auto"
        case .intakeOrphanAfter: "1h"
        case .intakeDuplicates: "reuse"
        case .intakeResendWindow: "10m"
        case .deliveryOriginals: "keep"
        case .logFormat: "text"
        case .logLevel: "info"
        case .simulatorQueueTime: "1s"
        case .simulatorRenderTime: "2s"
        }
    }

    /// What it means, in a line.
    var help: String {
        switch self {
        case .inbox: "Folder that people drop into."
        case .outbox: "Folder for videos, error reports and originals."
        case .state: "Folder for the ledger and the lock, on a local disk."
        case .store: "Where the ledger lives: sqlite."
        case .apiURL: "The generation API, or local for the built-in stand-in that renders previews and costs nothing."
        case .apiKeyFile: "File that holds the API key, if it is not in AIML_API_KEY."
        case .apiPollInterval: "Between two questions about the same generation. With api.url: local, 1s."
        case .apiSubmitTimeout:
            "Longest time for sending one request; what takes longer is looked up, never sent again."
        case .apiMaxInFlight: "Generations with the API at the same time."
        case .apiSubmitsPerSecond: "Most requests sent in a second."
        case .apiRetryInterval:
            "Wait before the first new try after trouble with key, credit, API, disk or share; each in vain doubles it, up to 5m."
        case .apiLookupPatience:
            "How long a request whose answer was lost is looked for in the API's log before a person is asked."
        case .apiResubmitUnconfirmed:
            "true sends such a request again after that time instead of asking. It may have been billed: this can pay twice."
        case .budgetDailyCredits: "Most credits to spend in a day; what is over waits for the next. 1 USD is 2,000,000."
        case .budgetMonthlyCredits: "Most credits to spend in a calendar month."
        case .budgetCreditsPerSecond:
            "What a second of video is taken to cost until the API has charged for one; after that, its last charge counts."
        case .deliveryMode:
            "Rights of files in the outbox, as chmod writes them; folders that are made there get the same, and may be looked into."
        case .deliveryGroup:
            "Group of what appears in the outbox, by name or number; without it, that of a folder with the setgid bit, else the service's own."
        case .deliveryPatience:
            "How long a paid video is fetched again before it is reported; hotreel retry goes on after that."
        case .deliveryMaxBytes: "Bytes of the largest video that is taken."
        case .deliveryPrivateHosts:
            "Whether videos may be fetched from private addresses: refuse or allow. Allowed when api.url is on this machine."
        case .notifyCommand:
            "Program that is run with a JSON object on its standard input when an admin should look: a gate closes or opens, a request or video is lost."
        case .intakeWatch: "How changes are noticed: auto, inotify or poll."
        case .intakeSettle:
            "How long a file must be quiet before it counts as written; 0 where programs rename into place."
        case .intakeGrace: "How long a picture alone waits for a sidecar where folder defaults would do."
        case .intakeRescan: "Between two listings of the whole inbox while events arrive."
        case .intakeListing: "Between two listings where no events can be had (network mounts, poll)."
        case .intakeMountCache:
            "How long network mounts may show a file's old size; files there must be quiet for longer. auto goes by the mount's kind and options; 0 where it is mounted without a cache."
        case .intakeOrphanAfter: "How long something incomplete is left alone before it is reported."
        case .intakeDuplicates:
            "A picture and request made before: reuse gives the same video for nothing, generate pays for a new one."
        case .intakeResendWindow:
            "How long the same files under the same names count as a program's resend and are never paid again, also with duplicates: generate."
        case .deliveryOriginals: "What becomes of the sources of delivered videos: keep or delete."
        case .logFormat: "text for people, json for collectors."
        case .logLevel: "debug, info, notice, warning or error."
        case .simulatorQueueTime: "api.url: local only. How long a generation waits."
        case .simulatorRenderTime: "api.url: local only. How long a generation takes at least."
        case .simulatorScenario: "api.url: local only. File of faults to play, see hotreel simulate --help."
        }
    }

    /// `api.pollInterval` → `HOTREEL_API_POLL_INTERVAL`; a run of capitals is one word.
    var environmentName: String {
        var name = "HOTREEL_"
        var previous: Character = "."
        for character in rawValue {
            if character == "." {
                name += "_"
            } else {
                if character.isUppercase, previous.isLowercase { name += "_" }
                name += character.uppercased()
            }
            previous = character
        }
        return name
    }

    /// Keys of the contract that this version does not act on. They are refused, because a promise that nobody keeps is
    /// worse than none.
    static let notYet: [String: String] = [
        "dashboard.port": "the dashboard"
    ]
}
