/// Something in the configuration that cannot be, with where it stands and what to do.
struct ConfigurationError: Error, CustomStringConvertible {
    /// `hotreel.yaml line 12`, `HOTREEL_API_URL`, `--inbox`.
    let place: String
    let key: String
    let value: String?
    let rule: String
    let remedy: String

    var description: String {
        let shown = value.map { " is “\($0)”" } ?? ""
        return "\(key) (\(place))\(shown): \(rule). \(remedy)"
    }
}
