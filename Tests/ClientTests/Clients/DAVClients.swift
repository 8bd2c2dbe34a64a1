import SystemPackage

extension Client {
    /// To three WebDAV servers, each of which has its own way of putting a file into its place.
    static let dav = [
        davClient("webdav-apache", moves: false) { $0.apache },
        davClient("webdav-nginx", collectsIn: { $0.nginxBodies }) { $0.nginx },
        davClient("webdav-rclone") { $0.rcloneDAV },
        // Windows as its own WebDAV client: an empty file, a lock, the content, the times, and the lock given back. Not cut, since nobody
        // else may write then before the lock has run out. Apache keeps the times beside the file.
        Client(
            name: "webdav-windows",
            put: {
                .shell(
                    """
                    call() { curl -fsS -o /dev/null -H "Content-Type: text/xml" "$@"; }
                    call -X PUT --data-binary "" "$2"
                    token=$(call -D - -X LOCK -H "Timeout: Second-600" --data "$3" "$2" | sed -n "s/^Lock-Token: <\\(.*\\)>.*/\\1/p")
                    call -T "$1" -H "If: (<$token>)" "$2"
                    call -X PROPPATCH -H "If: (<$token>)" --data "$4" "$2"
                    call -X UNLOCK -H "Lock-Token: <$token>" "$2"
                    """, $0.source, "http://127.0.0.1:\($0.servers.apache)/\($0.place)", lock, times)
            }, companions: { [".DAV/\($0)"] }),
    ]

    private static let lock = """
        <?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>
        """
    private static let times = """
        <?xml version="1.0"?><propertyupdate xmlns="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><set><prop>\
        <Z:Win32LastModifiedTime>Tue, 24 Nov 2020 04:00:00 GMT</Z:Win32LastModifiedTime></prop></set></propertyupdate>
        """

    private static func davClient(
        _ name: String, moves: Bool = true, collectsIn: (@Sendable (Servers) -> FilePath)? = nil,
        port: @escaping @Sendable (Servers) -> Int
    ) -> Client {
        let put: @Sendable (Upload, String) -> Command = { upload, rate in
            Command(
                "curl", "-fsS", "-o", "/dev/null", "--limit-rate", rate, "-T", upload.source,
                "http://127.0.0.1:\(port(upload.servers))/\(upload.place)")
        }
        let move: @Sendable (String, String, Servers) -> Command = { from, to, servers in
            let address = "http://127.0.0.1:\(port(servers))"
            return Command(
                "curl", "-fsS", "-o", "/dev/null", "-X", "MOVE", "-H", "Destination: \(address)/\(to)",
                "\(address)/\(from)")
        }
        return Client(
            name: name, put: { put($0, "1G") }, slowly: { put($0, "150k") }, move: moves ? move : nil,
            collectsIn: collectsIn)
    }
}
