/// The known name a mistyped one was probably meant to be, or nil when none is close.
///
/// Letter case and separators do not count (`negativePrompt`), one slip in three letters is forgiven
/// (`negatve_prompt`), and a beginning of a name stands for it (`negative`) when no other begins so.
package func nearestName(to name: String, among known: some Sequence<String>) -> String? {
    func plain(_ text: String) -> [Character] { text.lowercased().filter { $0.isLetter || $0.isNumber } }
    let wanted = plain(name)
    // A longer key is no slip of the pen, and comparing costs its length each time.
    guard 1...64 ~= wanted.count else { return nil }
    let ranked = known.map { (name: $0, slips: slips(from: wanted, to: plain($0))) }
        .sorted { ($0.slips, $0.name) < ($1.slips, $1.name) }
    if let best = ranked.first, best.slips <= max(1, wanted.count / 3), best.slips < wanted.count { return best.name }
    let longer = ranked.filter { wanted.count >= 3 && plain($0.name).starts(with: wanted) }
    return longer.count == 1 ? longer[0].name : nil
}

/// Letters missing, added, changed or swapped with their neighbour (Damerau's distance, each place edited once).
private func slips(from source: [Character], to target: [Character]) -> Int {
    guard !source.isEmpty, !target.isEmpty else { return max(source.count, target.count) }
    var rows = [Array(0...target.count)]
    for i in 1...source.count {
        var row = [i]
        for j in 1...target.count {
            var best = min(
                rows[i - 1][j] + 1, row[j - 1] + 1,
                rows[i - 1][j - 1] + (source[i - 1] == target[j - 1] ? 0 : 1))
            if i > 1, j > 1, source[i - 1] == target[j - 2], source[i - 2] == target[j - 1] {
                best = min(best, rows[i - 2][j - 2] + 1)
            }
            row.append(best)
        }
        rows.append(row)
    }
    return rows[source.count][target.count]
}
