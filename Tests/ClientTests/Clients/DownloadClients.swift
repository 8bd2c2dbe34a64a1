extension Client {
    /// From a web server into the inbox.
    static let downloads = [
        Client(
            name: "wget", put: { Command("wget", "-nv", "-o", "/dev/stdout", "-O", $0.target, $0.url) },
            slowly: { Command("wget", "-q", "--limit-rate=400k", "-O", $0.target, $0.url) },
            resume: { Command("wget", "-q", "-c", "-O", $0.target, $0.url) }),
        Client(
            name: "curl", put: { Command("curl", "-fsS", "-o", $0.target, $0.url) },
            slowly: { Command("curl", "-fsS", "--limit-rate", "400k", "-o", $0.target, $0.url) },
            resume: { Command("curl", "-fsS", "-C", "-", "-o", $0.target, $0.url) }),
        // The whole size at once, and a file of its own beside it until it is done.
        Client(
            name: "aria2c", put: { $0.aria2c() }, slowly: { $0.aria2c("--max-download-limit=400K") },
            resume: { $0.aria2c("--continue=true") }),
        Client(
            name: "firefox", put: { .python("writers.py", ["firefox", $0.source, $0.target, "300000", "0.5"]) },
            overwrites: false),
        Client(
            name: "chrome", put: { .python("writers.py", ["chrome", $0.source, $0.target, "300000", "0.5"]) },
            overwrites: false),
    ]
}

extension Upload {
    fileprivate func aria2c(_ more: String...) -> Command {
        Command(
            "aria2c",
            ["-q", "--no-conf=true", "--file-allocation=falloc", "--allow-overwrite=true", "--auto-file-renaming=false"]
                + more + ["-d", targetFolder, "-o", name, url])
    }
}
