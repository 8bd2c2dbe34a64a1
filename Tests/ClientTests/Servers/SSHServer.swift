import Foundation
import SystemPackage
import TestKit

extension Servers {
    /// What ssh, scp, sftp, sshfs and rsync are told the server by: the host `server` of this file.
    var sshConfiguration: String { house["ssh/config"].string }
    var sshKey: String { house["ssh/user"].string }

    /// sshd with keys of its own, for whoever runs the tests; but not with that user's shell settings.
    func sshServer() throws -> Server {
        // Where sshd locks itself up before it knows its visitor; the path is built into it.
        if geteuid() == 0 {
            try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        try house.write(
            """
            Host server
              HostName 127.0.0.1
              Port \(sshd)
              User \(NSUserName())
              IdentityFile \(sshKey)
              IdentitiesOnly yes
              StrictHostKeyChecking no
              UserKnownHostsFile \(house["ssh/known"])
              BatchMode yes
              LogLevel ERROR

            """, to: "ssh/config")
        let configuration = try house.write(
            """
            ListenAddress 127.0.0.1
            Port \(sshd)
            HostKey \(house["ssh/host"])
            PidFile \(house["ssh/pid"])
            AuthorizedKeysFile \(sshKey).pub
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin yes
            MaxStartups 200
            SetEnv HOME=\(house["ssh"])
            Subsystem sftp internal-sftp

            """, to: "ssh/sshd_config")
        // It has to be called by its whole path, which it starts itself anew by.
        return Server(
            .shell(
                """
                ssh-keygen -q -t ed25519 -N '' -f "$1/host"
                ssh-keygen -q -t ed25519 -N '' -f "$1/user"
                exec /usr/sbin/sshd -D -e -f "$2"
                """, house["ssh"].string, configuration.string), port: sshd)
    }

    /// Where the client sees the share as if it were its own disk.
    var mount: FilePath { house["mount"] }

    /// sshfs on the client's side. The service does not look through it: it sees the server's disk.
    func sshfsMount() throws -> Server {
        try house.folder("mount")
        return Server(
            Command("sshfs", "-f", "-F", sshConfiguration, "server:\(root)", mount.string),
            isReady: { house.exists("mount/inbox") })
    }
}
