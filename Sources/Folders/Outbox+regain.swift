import Jobs
import SystemPackage

extension Outbox {
    /// Takes a drop's sources out of `errors` again, with the report beside them, because its video has come after all: to
    /// `originals`, or away where originals are not kept. What people have taken away or changed meanwhile is left to them.
    package func regain(_ drop: Drop, keepingOriginals: Bool) throws(FileError) {
        let errors = folder(.errors, drop.folder)
        guard try FileSystem.status(of: errors) != nil, let number = try numberInErrors(of: drop) else { return }
        let originals = folder(.originals, drop.folder)
        for source in drop.sources {
            let given = errors.appending(OutputName.choice(number, of: source.file))
            guard try Handover.holds(given, source.sha256) else { continue }
            guard keepingOriginals else {
                try FileSystem.remove(given)
                continue
            }
            var choice = 1
            while true {
                let target = originals.appending(OutputName.choice(choice, of: source.file))
                try makeFolder(target.removingLastComponent())
                permissions.apply(to: given, in: target.removingLastComponent())
                if try FileSystem.rename(given, to: target) {
                    try FileSystem.sync(renamed: given, to: target)
                    break
                }
                choice += 1
            }
        }
        try ErrorReportFiles.remove(in: errors, stem: OutputName.choice(number, of: OutputName.fitting(drop.stem)))
    }

    /// Under which number a drop lies in `errors`, known by its content; nil where it does not, or not untouched.
    private func numberInErrors(of drop: Drop) throws(FileError) -> Int? {
        let errors = folder(.errors, drop.folder)
        let sources = drop.sources.filter { $0.role == .picture || $0.role == .sidecar }
        var number = 1
        while true {
            var (isThere, isOurs) = (false, true)
            for source in sources {
                let given = errors.appending(OutputName.choice(number, of: source.file))
                guard try FileSystem.status(of: given) != nil else {
                    isOurs = false
                    continue
                }
                isThere = true
                if try !Handover.holds(given, source.sha256) { isOurs = false }
            }
            if isOurs { return number }
            guard isThere else { return nil }
            number += 1
        }
    }
}
