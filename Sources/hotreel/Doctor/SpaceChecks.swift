import Folders
import Jobs
import SystemPackage

/// Whether there is room where Hotreel writes.
struct SpaceChecks {
    /// By role: `inbox`, `outbox`, `state`.
    let folders: [(role: String, path: FilePath)]

    func run() -> [Finding] {
        folders.map { role, path in
            do throws(FileError) {
                return Self.finding(try FileSystem.space(of: path), role: role)
            } catch {
                return .failure("\(role)_space", error)
            }
        }
    }

    /// A video has some 20 MB; a ledger grows by a few kilobytes a job.
    static func finding(_ space: FreeSpace, role: String) -> Finding {
        let check = "\(role)_space"
        let files = space.files.map { " and \($0) more files" } ?? ""
        let words = "The \(role) has room for \(shown(space.bytes))\(files)"
        let few = space.files ?? .max
        if space.bytes < 64 << 20 || few < 20 {
            return .failure(
                check, "\(words): the next jobs will wait for room.",
                remedy: "Make room there, or move it to a larger disk.")
        }
        if space.bytes < 2 << 30 || few < 2000 {
            return .warning(check, "\(words).", remedy: "Make room there before a large drop.")
        }
        return .ok(check, "\(words).")
    }

    private static func shown(_ bytes: Int) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        return "\(value < 10 && unit > 0 ? String(format: "%.1f", value) : String(Int(value))) \(units[unit])"
    }
}
