import Foundation

extension Answer {
    /// How long the API asks to be left alone: seconds, or an HTTP date read against the answer's own clock.
    /// At most a day, which no sensible limit exceeds.
    func retryAfter(now: Date = Date()) -> Duration? {
        guard let text = header("Retry-After") else { return nil }
        let seconds: Double
        if let number = Double(text), number.isFinite {
            seconds = number
        } else if let date = Self.httpDate(text) {
            seconds = date.timeIntervalSince(self.date ?? now)
        } else {
            return nil
        }
        return .seconds(min(max(0, seconds), 86_400))
    }

    /// When the far end wrote the answer, by its own clock.
    var date: Date? { header("Date").flatMap(Self.httpDate) }

    /// The three forms that RFC 9110 (5.6.7) has everybody read, the first of which is the one to write.
    private static func httpDate(_ text: String) -> Date? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        for pattern in ["EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "EEE MMM d HH:mm:ss yyyy"]
        {
            format.dateFormat = pattern
            if let date = format.date(from: text) { return date }
        }
        return nil
    }
}
