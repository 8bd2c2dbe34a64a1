import Jobs
import SystemPackage

extension Outbox {
    /// Writes `STEM.error.txt` and `.error.json`, over reports of the same stem whose sources somebody has taken away.
    package func report(text: String, json: [UInt8], folder: FileName, stem: String) throws(FileError) {
        let place = self.folder(.errors, folder)
        try makeFolder(place)
        try FileSystem.replace(place.appending(FileName(stem + ".error.json")), with: json, permissions: permissions)
        try FileSystem.replace(
            place.appending(FileName(stem + ".error.txt")), with: Array(text.utf8), permissions: permissions)
    }

    /// Removes the reports on a drop's stem whose sources have been dropped again, those of its variations too; they speak of
    /// what no longer lies there.
    package func withdrawReports(folder: FileName, stem: String) throws(FileError) {
        let place = self.folder(.errors, folder)
        // In most folders nothing ever failed.
        guard try FileSystem.status(of: place) != nil else { return }
        let reported = try reports(on: stem, in: place)
        guard !reported.isEmpty else { return }
        let there = Set(try FileSystem.list(place).map { NameRules.stem(of: $0.name).folded })
        guard !there.contains(PortableName.stem(stem).folded) else { return }
        for name in reported where !there.contains(name.folded) {
            try ErrorReportFiles.remove(in: place, stem: name)
        }
    }

    /// Whether a report of that stem lies in a folder beside files it may speak of.
    func isReported(_ stem: String, in place: FilePath) throws(FileError) -> Bool {
        guard try hasReport(stem, in: place) else { return false }
        return try FileSystem.list(place).contains { NameRules.stem(of: $0.name).folded == stem.folded }
    }

    /// The stems of the reports on a drop that lie in a folder.
    func reports(on stem: String, in place: FilePath) throws(FileError) -> [String] {
        var reported: [String] = []
        for name in OutputName.reports(on: stem) where try hasReport(name, in: place) { reported.append(name) }
        return reported
    }

    private func hasReport(_ stem: String, in place: FilePath) throws(FileError) -> Bool {
        try FileSystem.status(of: place.appending(FileName(stem + ".error.json"))) != nil
    }
}

extension OutputName {
    /// The stems that reports on a drop of this stem may have: its own and its variations', also where the drop was given back as
    /// `shot010 (2)`, whose variations' reports are `shot010_v1 (2)`.
    static func reports(on stem: String) -> [String] {
        var stems: [String] = []
        func add(_ base: String, _ number: Int) {
            let base = fitting(base)
            stems.append(choice(number, of: base))
            stems += (1...16).map { choice(number, of: variation($0, of: 16, name: base)) }
        }
        add(stem, 1)
        if let numbered = NameRules.number(in: stem) { add(numbered.stem, numbered.number) }
        return stems
    }
}
