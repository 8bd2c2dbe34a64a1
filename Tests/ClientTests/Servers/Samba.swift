import TestKit

extension Servers {
    /// smbd with a share for guests, who act as whoever runs the tests. All its state is its own.
    func sambaServer() throws -> Server {
        for name in ["state", "lock", "pid", "cache", "private", "ncalrpc"] { try house.folder("samba/\(name)") }
        let configuration = try house.write(
            """
            [global]
              interfaces = 127.0.0.1
              bind interfaces only = yes
              smb ports = \(samba)
              disable netbios = yes
              server role = standalone server
              map to guest = Bad User
              state directory = \(house["samba/state"])
              lock directory = \(house["samba/lock"])
              pid directory = \(house["samba/pid"])
              cache directory = \(house["samba/cache"])
              private dir = \(house["samba/private"])
              ncalrpc dir = \(house["samba/ncalrpc"])
              log file = \(house["samba/log"])
              load printers = no
              printcap name = /dev/null
              disable spoolss = yes
              rpc start on demand helpers = no
            [share]
              path = \(root)
              guest ok = yes
              read only = no
              force user = root

            """, to: "samba/smb.conf")
        return Server(
            Command("smbd", "--foreground", "--no-process-group", "-s", configuration.string), port: samba)
    }
}
