import Jobs
import SystemPackage

/// The two files of an error report: `STEM.error.txt` and `STEM.error.json`.
package enum ErrorReportFiles {
    /// By the second it is known whose they are, so it goes last.
    private static let suffixes = [".error.txt", ".error.json"]

    /// Removes a stem's report from a folder, if Hotreel wrote it. A file of that name by anybody else stays.
    package static func remove(in folder: some FileLocation, stem: String) throws(FileError) {
        let json = folder.appending(FileName(stem + ".error.json"))
        guard try FileSystem.status(of: json)?.kind == .regular else { return }
        let text = String(decoding: try FileSystem.read(json, limit: 1 << 20), as: UTF8.self)
        guard text.contains("\"job\""), text.contains("\"stage\""), text.contains("\"problems\"") else { return }
        for suffix in suffixes { try FileSystem.remove(folder.appending(FileName(stem + suffix))) }
    }
}
