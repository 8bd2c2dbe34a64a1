import SystemPackage

extension Client {
    /// curl to three WebDAV servers, each of which has its own way of putting a file into its place.
    static let dav = [
        davClient("webdav-apache", moves: false) { $0.apache },
        davClient("webdav-nginx", collectsIn: { $0.nginxBodies }) { $0.nginx },
        davClient("webdav-rclone") { $0.rcloneDAV },
    ]

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
