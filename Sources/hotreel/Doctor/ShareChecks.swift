import Folders
import Foundation
import Jobs
import SystemPackage

/// Whether inbox and outbox can do what a hot folder needs, tried out.
struct ShareChecks {
    let inbox: FilePath
    let outbox: FilePath
    let settle: Duration
    let permissions: SharePermissions

    func run() -> [Finding] {
        var findings: [Finding] = []
        let probe: ShareProbe
        do {
            try ShareProbe.removeStale(in: inbox.appending(NameRules.claims))
            probe = try ShareProbe(in: inbox, below: NameRules.claims)
        } catch {
            return [.failure("inbox_write", error)] + outboxChecks()
        }
        findings += trying("inbox_write") { () throws(FileError) in
            try probe.write("write.probe")
            return [.ok("inbox_write", "The inbox \(inbox) can be written to.")]
        }
        findings += trying("inbox_rename") { () throws(FileError) in [try claim(by: probe)] }
        findings += trying("outbox_rename") { () throws(FileError) in [try delivery(by: probe)] }
        findings += outboxChecks()
        findings += trying("inbox_names") { () throws(FileError) in try names(probe, "inbox") }
        findings += trying("inbox_times") { () throws(FileError) in try times(probe) }
        findings += trying("inbox_leftovers") { () throws(FileError) in
            try probe.remove()
            return []
        }
        return findings
    }

    private func trying(_ check: String, _ work: () throws(FileError) -> [Finding]) -> [Finding] {
        do throws(FileError) { return try work() } catch { return [.failure(check, error)] }
    }

    // MARK: Moving

    private func claim(by probe: ShareProbe) throws(FileError) -> Finding {
        switch try probe.move(from: inbox, to: probe.folder) {
        case .oneStep: return .ok("inbox_rename", "Drops are taken in one step: a rename within the inbox.")
        case .copy:
            return .failure(
                "inbox_rename",
                "\(inbox)/.hotreel lies on another file system than the inbox: drops cannot be taken in one step.",
                remedy: "Unmount what is mounted on .hotreel; it must belong to the inbox's own file system.")
        }
    }

    private func delivery(by probe: ShareProbe) throws(FileError) -> Finding {
        switch try probe.move(from: probe.folder, to: outbox) {
        case .oneStep: return .ok("outbox_rename", "Originals go to the outbox in one step.")
        case .copy:
            return .ok("outbox_rename", "The outbox is on another file system: originals are copied there, safely.")
        }
    }

    // MARK: The outbox by itself

    private func outboxChecks() -> [Finding] {
        trying("outbox_write") { () throws(FileError) in
            let probe = try ShareProbe(in: outbox)
            do throws(FileError) {
                try probe.write("write.probe")
                let folds = try names(probe, "outbox")
                try probe.remove()
                return [.ok("outbox_write", "The outbox \(outbox) can be written to.")] + folds + (try sharing())
            } catch {
                // The first of the two is what is wrong.
                try? probe.remove()
                throw error
            }
        }
    }

    /// Whether the group, which is how people on a share usually get there, may take away what appears.
    private func sharing() throws(FileError) -> [Finding] {
        let parts = [outbox] + Outbox.Part.allCases.map { outbox.appending(FileName($0.rawValue)) }
        var closed: [FilePath] = []
        for part in parts {
            if let status = try FileSystem.status(of: part), status.permissions & 0o020 == 0 { closed.append(part) }
        }
        if permissions.files & 0o020 == 0 {
            return [
                .ok(
                    "outbox_rights",
                    "As delivery.mode 0\(String(permissions.files, radix: 8)) says, the group may not change what Hotreel makes."
                )
            ]
        }
        if let first = closed.first {
            return [
                .warning(
                    "outbox_rights",
                    "\(first) may not be changed by its group: people cannot move or delete what lies in it.",
                    remedy: "If they should: chmod -R g+rwXs \(outbox)")
            ]
        }
        return [.ok("outbox_rights", "The group may move and delete what appears in the outbox.")]
    }

    // MARK: Names and times

    private func names(_ probe: ShareProbe, _ role: String) throws(FileError) -> [Finding] {
        let check = "\(role)_names"
        let folds = try probe.foldsCase()
        let form = try probe.unicodeForm()
        let cases = folds ? "do not differ by case alone" : "keep upper and lower case apart"
        let words = "Names in the \(role) \(cases)"
        switch form {
        case .kept: return [.ok(check, "\(words), and keep their bytes.")]
        case .either: return [.ok(check, "\(words), and nor by how accents are composed.")]
        case .changed:
            return [
                .warning(
                    check, "\(words), and names with accents come back in another form than they were written in.",
                    remedy: "Hotreel pairs without regard to the form; scripts that look for such names must do so too."
                )
            ]
        }
    }

    private func times(_ probe: ShareProbe) throws(FileError) -> [Finding] {
        let times = try probe.times()
        var findings: [Finding] = []
        if times.granularity >= .seconds(1), settle < times.granularity {
            findings.append(
                .warning(
                    "inbox_times",
                    "File times in the inbox are told in steps of \(times.granularity.measured): a file that is "
                        + "written again within one, at the same size, looks untouched.",
                    remedy: "Set intake.settle to at least 3s."))
        } else {
            findings.append(
                .ok("inbox_times", "File times in the inbox are told in steps of \(times.granularity.measured)."))
        }
        let skew = times.skew
        if abs(skew / .seconds(1)) > 5 {
            findings.append(
                .warning(
                    "inbox_clock",
                    "The clock of the inbox's server is \((skew < .zero ? .zero - skew : skew).measured) \(skew < .zero ? "behind" : "ahead of") this machine's.",
                    remedy: "Set both by NTP. Hotreel does not go by file times, but people and other programs do."))
        } else {
            findings.append(.ok("inbox_clock", "The inbox's clock agrees with this machine's."))
        }
        return findings
    }
}

extension Duration {
    /// `100 ns`, `2 s`, `3 h`.
    var measured: String {
        let seconds = self / .seconds(1)
        let steps: [(Double, String, Double)] = [
            (1e-6, "ns", 1e9), (1e-3, "µs", 1e6), (1, "ms", 1e3), (120, "s", 1), (7200, "min", 1 / 60.0),
            (172_800, "h", 1 / 3600.0),
        ]
        for (limit, unit, factor) in steps where seconds < limit {
            return "\(Int((seconds * factor).rounded())) \(unit)"
        }
        return "\(Int(seconds / 86_400)) days"
    }
}
