extension Client {
    /// Through vsftpd.
    static let ftp = [
        Client(
            name: "ftp-curl", put: { Command("curl", "-sS", "-T", $0.source, $0.ftp) },
            slowly: { Command("curl", "-sS", "--limit-rate", "150k", "-T", $0.source, $0.ftp) },
            resume: { Command("curl", "-sS", "-C", "-", "-T", $0.source, $0.ftp) }, isInPlace: true),
        Client(
            name: "lftp", put: { lftp("put \"\($0.source)\" -o \"\($0.place)\"", $0.servers) },
            slowly: { lftp("set net:limit-rate 150000; put \"\($0.source)\" -o \"\($0.place)\"", $0.servers) },
            resume: { lftp("put -c \"\($0.source)\" -o \"\($0.place)\"", $0.servers) },
            putFolder: { lftp("mirror -R \"\($0.source)\" \"\($0.place)\"", $0.servers) },
            move: { lftp("mv \"\($0)\" \"\($1)\"", $2) }, isInPlace: true),
    ]

    private static func lftp(_ script: String, _ servers: Servers) -> Command {
        Command(
            "lftp", "-c", "set cmd:fail-exit true; set xfer:log no; open ftp://127.0.0.1:\(servers.vsftpd); \(script)")
    }
}

extension Upload {
    fileprivate var ftp: String { "ftp://127.0.0.1:\(servers.vsftpd)/\(place)" }
}
