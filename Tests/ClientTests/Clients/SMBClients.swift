extension Client {
    /// Through smbd.
    static let smb = [
        Client(
            name: "smbclient", put: { $0.smbclient("put \"\($0.source)\" \"\($0.place)\"") },
            // It writes nothing before its source has ended, and then all: so a source that never ends.
            slowly: { upload in
                Command.shell(
                    """
                    mkfifo "$2"
                    { head -c 100000 "$1"; exec sleep 600; } >"$2" &
                    exec smbclient -d0 -N -s /dev/null -p "$4" //127.0.0.1/share -c "put \\"$2\\" \\"$3\\""
                    """, upload.source, "\(upload.source).fifo", upload.place, "\(upload.servers.samba)")
            },
            putFolder: {
                $0.smbclient(
                    "prompt off; recurse on; cd \"\($0.placeFolder)\"; lcd \"\($0.sourceFolder)\"; mput \"\($0.name)\"")
            },
            move: { smbclient("rename \"\($0)\" \"\($1)\"", $2) }, isAllOrNothing: true),
        Client(
            name: "explorer", put: { $0.smb("explorer") }, slowly: { $0.smb("explorer", "--halt") },
            move: { smbclient("rename \"\($0)\" \"\($1)\"", $2) }, isInPlace: true),
        Client(
            name: "finder", put: { $0.smb("finder") }, slowly: { $0.smb("finder", "--halt") },
            isInPlace: true, companions: { ["._\($0)"] }),
    ]

    fileprivate static func smbclient(_ script: String, _ servers: Servers) -> Command {
        Command(
            "smbclient", "-d0", "-N", "-s", "/dev/null", "-p", "\(servers.samba)", "//127.0.0.1/share", "-c", script)
    }
}

extension Upload {
    fileprivate func smbclient(_ script: String) -> Command { Client.smbclient(script, servers) }

    fileprivate func smb(_ manner: String, _ more: String...) -> Command {
        .python("smb.py", ["\(servers.samba)", manner, source, place] + more)
    }
}
