extension Client {
    /// rsync through ssh, in all its ways of putting a file into its place.
    static let rsync = [
        // A hidden temporary file, renamed; a cut leaves nothing.
        Client(
            name: "rsync", put: { $0.rsync() }, slowly: { $0.rsync("--bwlimit=150") }, putFolder: { $0.rsyncFolder() }),
        // What has come gets the final name when it is cut.
        Client(
            name: "rsync-partial", put: { $0.rsync("--partial") }, slowly: { $0.rsync("--partial", "--bwlimit=150") }),
        Client(
            name: "rsync-inplace", put: { $0.rsync("--inplace") },
            slowly: { $0.rsync("--inplace", "--whole-file", "--bwlimit=150") },
            isInPlace: true),
        Client(
            name: "rsync-append", put: { $0.rsync("--append") }, slowly: { $0.rsync("--append", "--bwlimit=150") },
            // It takes what is there for the beginning of what it sends.
            overwrites: false),
        Client(
            name: "rsync-delay-updates", put: { $0.rsync("--delay-updates") },
            putFolder: { $0.rsyncFolder("--delay-updates") }),
        Client(
            name: "rsync-times",
            put: { upload in
                .shell(
                    """
                    touch -d "$(date -d "2001-01-01 $(stat -c %s "$2") seconds")" "$2"
                    exec rsync -e "ssh -F $1" -t "$2" "server:$3"
                    """, upload.servers.sshConfiguration, upload.source, upload.target)
            }),
        Client(name: "rsync-local", put: { Command("rsync", "-a", $0.source, $0.target) }),
    ]
}

extension Upload {
    fileprivate func rsync(_ more: String...) -> Command {
        Command("rsync", ["-e", "ssh -F \(servers.sshConfiguration)"] + more + [source, "server:\(target)"])
    }

    fileprivate func rsyncFolder(_ more: String...) -> Command {
        Command(
            "rsync", ["-e", "ssh -F \(servers.sshConfiguration)", "-a"] + more + [source, "server:\(targetFolder)/"])
    }
}
