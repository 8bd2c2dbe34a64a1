import Testing

/// A program with which people put a sidecar right where it lies.
struct Editor: Sendable, CustomTestStringConvertible {
    let name: String
    /// Gives a file of one line, `{,…}`, the content it should have: the same without the comma.
    let fix: @Sendable (_ path: String, _ content: String) -> Command

    var testDescription: String { name }
    var client: Client { Client(name: name, put: { Command("cp", $0.source, $0.target) }) }

    static let all = [
        // A swap file, a probe named 4913, a backup that is removed again.
        Editor(
            name: "vim",
            fix: { path, _ in
                Command(
                    "vim", "-u", "NONE", "-es", "-c", "set backup writebackup swapfile", "-c", "%s/{,/{/", "-c", "wq",
                    path)
            }),
        // In place.
        Editor(name: "nano", fix: { .python("nano.py", [$0, $1]) }),
        // A file `sedXXXXXX` that is renamed over the old one.
        Editor(name: "sed", fix: { path, _ in Command("sed", "-i", "s/{,/{/", path) }),
        Editor(name: "shell", fix: { .shell("printf '%s' \"$2\" >\"$1\"", $0, $1) }),
    ]
}
