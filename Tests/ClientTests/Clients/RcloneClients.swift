extension Client {
    /// rclone looks at what it has put: size, time and, where the server can tell it, the hash. What is gone by then it puts again,
    /// and says so.
    static let rclone = [
        copier("rclone-local") { place, servers in servers.root.appending(place).string },
        copier("rclone-sftp") { place, servers in
            ":sftp,host=127.0.0.1,port=\(servers.sshd),user=root,key_file=\(servers.sshKey):\(servers.root.appending(place))"
        },
        copier("rclone-ftp") { place, servers in
            // The password is “x”, as rclone hides it.
            ":ftp,host=127.0.0.1,port=\(servers.vsftpd),user=anonymous,pass=\(obscured),writing_mdtm=true:\(place)"
        },
        copier("rclone-webdav") { place, servers in ":webdav,url='http://127.0.0.1:\(servers.rcloneDAV)':\(place)" },
        // Apache may not write to an outbox that is not its own.
        copier("rclone-apache", moves: false) { place, servers in
            ":webdav,url='http://127.0.0.1:\(servers.apache)':\(place)"
        },
    ]

    private static let obscured = "VBjFMA1R7dAyD_FIPi_wb8s"

    private static func copier(
        _ name: String, moves: Bool = true, remote: @escaping @Sendable (String, Servers) -> String
    ) -> Client {
        let rclone: @Sendable (String...) -> Command = { Command("rclone", ["--config", "", "--stats", "0"] + $0) }
        let move: @Sendable (String, String, Servers) -> Command = { rclone("moveto", remote($0, $2), remote($1, $2)) }
        return Client(
            name: name, put: { rclone("copyto", $0.source, remote($0.place, $0.servers)) },
            slowly: { rclone("copyto", "--bwlimit", "150k", $0.source, remote($0.place, $0.servers)) },
            putFolder: { rclone("copy", $0.source, remote($0.place, $0.servers)) }, move: moves ? move : nil)
    }
}
