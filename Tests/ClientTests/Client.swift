import SystemPackage
import Testing

/// A file on its way from the desk into the hot folder.
struct Upload: Sendable {
    /// As it lies on the desk, under the name it will have.
    let file: FilePath
    /// Where it goes, below what the servers serve: `inbox/scp/pictureFirst/shot.png`.
    let place: String
    let servers: Servers

    /// Where it goes, on the disk of the server.
    var target: String { servers.root.appending(place).string }
    var targetFolder: String { servers.root.appending(placeFolder).string }
    var placeFolder: String { FilePath(place).removingLastComponent().string }
    var source: String { file.string }
    var sourceFolder: String { file.removingLastComponent().string }
    var name: String { file.lastComponent?.string ?? "" }
    /// Where web servers give it out, to be downloaded into the inbox.
    var url: String {
        "http://127.0.0.1:\(servers.nginx)/desk/\(String(file.string.dropFirst(servers.desk.string.count + 1)))"
    }
}

/// A program that people put files onto a share with, and how it is told to.
///
/// What cannot be had here is imitated by the calls it makes: Explorer, Finder, WinSCP, Firefox, Chrome. There is no NFS
/// client, since its server is part of the kernel; what it does on the server's disk is what a local program does.
struct Client: Sendable, CustomTestStringConvertible {
    /// Also its folder in the inbox.
    let name: String
    /// Puts a file; also over one that is there.
    let put: @Sendable (Upload) -> Command
    /// The same so slowly that it can be cut in the middle; nil where nobody would see a difference to another client.
    var slowly: (@Sendable (Upload) -> Command)?
    /// Goes on after that; nil where the client begins anew.
    var resume: (@Sendable (Upload) -> Command)?
    /// Puts a folder with all that is in it, where there is none of that name; nil where it does that file by file.
    var putFolder: (@Sendable (Upload) -> Command)?
    /// Moves what lies on the share to another place there, both given as in `Upload.place`.
    var move: (@Sendable (String, String, Servers) -> Command)?
    /// False where it refuses, or where nobody would: a browser numbers what it downloads again.
    var overwrites = true
    /// Whether a cut leaves an empty file or none, so that there is no third of it to wait for.
    var isAllOrNothing = false
    /// Whether it writes over a file under its final name from the first byte on.
    var isInPlace = false
    /// Where it collects what has come so far, if not in the target's folder.
    var collectsIn: (@Sendable (Servers) -> FilePath)?
    /// The companions it leaves beside a file.
    var companions: @Sendable (String) -> [String] = { _ in [] }

    var testDescription: String { name }

    static let all = smb + ssh + rsync + ftp + rclone + dav + syncthing + local + downloads
}

/// In what order the two files of a pair come.
enum Order: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case pictureFirst, sidecarFirst, atOnce, pictureReplaced, sidecarReplaced

    var replaces: Bool { self == .pictureReplaced || self == .sidecarReplaced }
    var testDescription: String { rawValue }
}
