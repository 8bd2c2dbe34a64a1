import Foundation
import Jobs
import Logging

/// Log lines for people: time, a mark for what is not ordinary, the message, then what it is about.
struct TextLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    let console: Console

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = Date().formatted(
            .verbatim(
                "\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
                timeZone: .current, calendar: .init(identifier: .gregorian)))
        let about = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        let (mark, colour) = Self.mark(event.level)
        let line = "\(time) \(mark)\(event.message)"
        if console.hasColours {
            console.print("\(colour)\(line)\u{1B}[0m\(about.isEmpty ? "" : "  \u{1B}[2m\(about)\u{1B}[0m")")
        } else {
            console.print(about.isEmpty ? line : "\(line)  \(about)")
        }
    }

    private static func mark(_ level: Logger.Level) -> (String, colour: String) {
        switch level {
        case .trace, .debug: ("", "\u{1B}[2m")
        case .info: ("", "")
        case .notice: ("", "\u{1B}[32m")
        case .warning: ("warning: ", "\u{1B}[33m")
        case .error, .critical: ("error: ", "\u{1B}[31m")
        }
    }
}

/// One JSON object for each line, for collectors.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    let console: Console

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var object: [String: JSONValue] = metadata.merging(event.metadata ?? [:]) { $1 }
            .mapValues { .string("\($0)") }
        object["time"] = .time(Date())
        object["level"] = .string(event.level.rawValue)
        object["message"] = .string("\(event.message)")
        console.print(JSONValue.object(object).text)
    }
}
