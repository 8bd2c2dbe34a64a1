extension Client {
    /// Through sshd.
    static let ssh = [
        Client(
            name: "scp", put: { $0.scp() }, slowly: { $0.scp("-l", "1200") },
            putFolder: { $0.scp("-r") }, isInPlace: true),
        Client(name: "scp-preserving", put: { $0.scp("-p") }),
        Client(
            name: "sftp", put: { $0.sftp("put \($0.source) \($0.target)") },
            slowly: { $0.sftp("put \($0.source) \($0.target)", "-l", "1200") },
            resume: { $0.sftp("reput \($0.source) \($0.target)") },
            putFolder: { $0.sftp("put -r \($0.source) \($0.target)") },
            move: { from, to, servers in
                sftp("rename \(servers.root.appending(from)) \(servers.root.appending(to))", [], servers)
            }, isInPlace: true),
        // Under another name, renamed when it is whole; a resumed one goes on under that name.
        Client(
            name: "winscp", put: { $0.sftp("put \($0.source) \($0.target).filepart\n\($0.renaming)") },
            slowly: { $0.sftp("put \($0.source) \($0.target).filepart\n\($0.renaming)", "-l", "1200") },
            resume: { $0.sftp("reput \($0.source) \($0.target).filepart\n\($0.renaming)") }),
        Client(
            name: "sshfs", put: { Command("cp", $0.source, $0.mounted) },
            slowly: { .python("writers.py", ["slow", $0.source, $0.mounted, "40000", "0.25"]) },
            resume: { .python("writers.py", ["resumed", $0.source, $0.mounted, "40000", "0.01"]) },
            putFolder: { Command("cp", "-r", $0.source, $0.mounted) },
            move: { Command("mv", $2.mount.appending($0).string, $2.mount.appending($1).string) },
            isInPlace: true),
    ]

    fileprivate static func sftp(_ script: String, _ more: [String], _ servers: Servers) -> Command {
        Command("sftp", ["-b", "-", "-F", servers.sshConfiguration] + more + ["server"], input: script + "\n")
    }
}

extension Upload {
    fileprivate func scp(_ more: String...) -> Command {
        Command("scp", ["-q", "-F", servers.sshConfiguration] + more + [source, "server:\(target)"])
    }

    fileprivate func sftp(_ script: String, _ more: String...) -> Command { Client.sftp(script, more, servers) }

    /// Over one that is there, as OpenSSH has it.
    fileprivate var renaming: String { "rename \(target).filepart \(target)" }

    fileprivate var mounted: String { servers.mount.appending(place).string }
}
