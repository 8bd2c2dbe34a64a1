import Glibc
import SystemPackage
import TestKit

/// What the clients speak to: real servers on loopback, each with its own configuration, started by these tests and ended by them.
struct Servers: Sendable {
    /// What all of them serve: the folder with inbox and outbox in it.
    let root: FilePath
    /// The client's own disk.
    let desk: FilePath
    /// Configurations, keys, sockets and logs of servers.
    let house: TemporaryFolder
    let samba: Int
    let sshd: Int
    let vsftpd: Int
    let apache: Int
    let nginx: Int
    let rcloneDAV: Int
    /// Of the sender and of the receiver: where they speak to each other, and where they are asked how it goes.
    let syncthing: [Int]
    let syncthingAPI: [Int]

    /// The inbox folder of the one client that keeps a whole folder in step.
    var syncthingFolder: FilePath { root.appending("inbox/syncthing") }

    /// Runs `body` while all of them serve.
    static func running<Value: Sendable>(
        serving root: FilePath, to desk: FilePath, _ body: (Servers) async throws -> Value
    ) async throws -> Value {
        let ports = try freePorts(10)
        let servers = Servers(
            root: root, desk: desk, house: try TemporaryFolder(), samba: ports[0], sshd: ports[1], vsftpd: ports[2],
            apache: ports[3], nginx: ports[4], rcloneDAV: ports[5], syncthing: Array(ports[6...7]),
            syncthingAPI: Array(ports[8...9]))
        // Servers that give up their rights still have to reach what they serve.
        for folder in [root, desk, servers.house.path] { try allow(0o755, folder) }
        return try await servers.serve(
            try [
                servers.sambaServer(), servers.sshServer(), servers.ftpServer(), servers.apacheServer(),
                servers.nginxServer(), servers.rcloneServer(),
            ][...]
        ) {
            // A mount of the client's, so it needs the server before it; and the two that need one another's identity.
            try await servers.serve(try await [servers.sshfsMount()] + servers.syncthingPair()) {
                try await body(servers)
            }
        }
    }

    private func serve<Value: Sendable>(_ servers: ArraySlice<Server>, _ body: () async throws -> Value) async throws
        -> Value
    {
        guard let first = servers.first else { return try await body() }
        let log = house["\(servers.count) \(first.command.program).log"]
        return try await first.command.serve(log: log, whenReady: { await first.isReady() }) {
            try await serve(servers.dropFirst(), body)
        }
    }

    /// Ports of loopback that nobody listens at.
    private static func freePorts(_ count: Int) throws -> [Int] {
        let sockets = (0..<count).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        // All are held until each has got its own.
        defer { for socket in sockets { close(socket) } }
        return try sockets.map { socket in
            var address = Loopback.address(port: 0)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, length) | getsockname(socket, $0, &length)
                }
            }
            guard result == 0 else { throw Errno(rawValue: errno) }
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}

/// A program that serves until it is ended.
struct Server: Sendable {
    let command: Command
    let isReady: @Sendable () async -> Bool

    init(_ command: Command, isReady: @escaping @Sendable () async -> Bool) {
        self.command = command
        self.isReady = isReady
    }

    /// One that is ready when somebody answers at its port.
    init(_ command: Command, port: Int) {
        self.init(command) { Loopback.answers(port: port) }
    }
}

enum Loopback {
    static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Whether a connection to this port is accepted.
    static func answers(port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = address(port: port)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        } == 0
    }
}

/// Sets who may do what with a file or folder.
func allow(_ mode: mode_t, _ path: FilePath) throws {
    guard path.withPlatformString({ chmod($0, mode) }) == 0 else { throw Errno(rawValue: errno) }
}
