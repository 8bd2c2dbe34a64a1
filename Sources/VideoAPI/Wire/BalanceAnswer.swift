import Foundation
import Jobs

extension Balance {
    /// `{current_balance, currency}`, the sum as a number or a string of digits; nil where there is none.
    init?(_ answer: Answer) {
        guard let value = answer.json?["current_balance"],
            let amount = value.doubleValue
                ?? value.stringValue.flatMap({ Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }),
            amount.isFinite
        else { return nil }
        let currency = answer.json?["currency"]?.stringValue?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        self.init(amount: amount, currency: currency.isEmpty ? "USD" : currency.uppercased())
    }
}
