import Foundation

/// What one question about the account's balance says of the API, the key and the clock.
package struct AccountExamination: Sendable {
    package let balance: Result<Balance, Trouble>
    /// How far the API's clock is ahead of ours, to within half a second and half the time the question took; nil where no answer
    /// told a time.
    package let skew: Duration?

    package init(balance: Result<Balance, Trouble>, skew: Duration?) {
        self.balance = balance
        self.skew = skew
    }

    /// - Parameters:
    ///   - date: of the answer's `Date` header, which knows whole seconds, rounded down.
    ///   - asked: when the question went out, by our clock, and when it was answered.
    static func skew(of date: Date, asked: (Date, Date)) -> Duration {
        let middle = (asked.0.timeIntervalSince1970 + asked.1.timeIntervalSince1970) / 2
        return .seconds(date.timeIntervalSince1970 + 0.5 - middle)
    }
}
