extension Client {
    /// From a web server into the inbox.
    static let downloads = [
        Client(
            name: "wget", put: { Command("wget", "-nv", "-o", "/dev/stdout", "-O", $0.target, $0.url) },
            slowly: { Command("wget", "-q", "-O", $0.target, $0.slowURL) },
            resume: { Command("wget", "-q", "-c", "-O", $0.target, $0.url) }, isInPlace: true),
        Client(
            name: "curl", put: { Command("curl", "-fsS", "-o", $0.target, $0.url) },
            slowly: { Command("curl", "-fsS", "-o", $0.target, $0.slowURL) },
            resume: { Command("curl", "-fsS", "-C", "-", "-o", $0.target, $0.url) }, isInPlace: true),
        // The whole size at once, and a file of its own beside it until it is done.
        Client(
            name: "aria2c", put: { $0.aria2c($0.url) }, slowly: { $0.aria2c($0.slowURL) }),
        Client(
            name: "firefox", put: { .python("writers.py", ["firefox", $0.source, $0.target, "100000", "0.5"]) },
            overwrites: false),
        Client(
            name: "chrome", put: { .python("writers.py", ["chrome", $0.source, $0.target, "100000", "0.5"]) },
            overwrites: false),
    ]
}

extension Upload {
    /// From a server that gives out 150 KB in a second.
    fileprivate var slowURL: String { "\(url)?rate=150k" }

    fileprivate func aria2c(_ address: String) -> Command {
        Command(
            "aria2c",
            "-q", "--no-conf=true", "--file-allocation=falloc", "--no-file-allocation-limit=0", "--disk-cache=0",
            "--allow-overwrite=true", "--auto-file-renaming=false", "-d", targetFolder, "-o", name, address)
    }
}
