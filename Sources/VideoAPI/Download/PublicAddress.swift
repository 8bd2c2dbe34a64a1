import NIOCore
import NIOPosix

extension SocketAddress {
    /// Whether the address lies on the open internet, by IANA's registries of special-purpose addresses (RFC 6890).
    ///
    /// Not public: this host, loopback, private networks (RFC 1918, unique-local), link-local with its cloud metadata services,
    /// a carrier's shared space (100.64/10), multicast, documentation, reserved; and IPv6 forms that carry such an IPv4 address.
    var isPublic: Bool {
        switch self {
        case .v4(let address): Self.isPublic(v4: withUnsafeBytes(of: address.address.sin_addr) { Array($0) })
        case .v6(let address): Self.isPublic(v6: withUnsafeBytes(of: address.address.sin6_addr) { Array($0) })
        case .unixDomainSocket: false
        }
    }

    private static func isPublic(v4 bytes: [UInt8]) -> Bool {
        let address = bytes.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        return !closedV4.contains { block in address >> (32 - block.bits) == block.start >> (32 - block.bits) }
    }

    private static func isPublic(v6 bytes: [UInt8]) -> Bool {
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        // IPv4-mapped (::ffff:0:0/96) and NAT64 (64:ff9b::/96) end in the IPv4 address that is meant; 6to4 (2002::/16) holds it second.
        if groups[..<6] == [0, 0, 0, 0, 0, 0xFFFF] || groups[..<6] == [0x64, 0xFF9B, 0, 0, 0, 0] {
            return isPublic(v4: Array(bytes[12...]))
        }
        if groups[0] == 0x2002 { return isPublic(v4: Array(bytes[2..<6])) }
        // All that is handed out for general use lies in 2000::/3; of that, 2001::/23 (Teredo and other protocols'), 2001:db8::/32
        // and 3fff::/20 (documentation) are not.
        return groups[0] & 0xE000 == 0x2000 && !(groups[0] == 0x2001 && groups[1] < 0x0200)
            && !(groups[0] == 0x2001 && groups[1] == 0x0DB8) && !(groups[0] == 0x3FFF && groups[1] < 0x1000)
    }

    private static let closedV4: [(start: UInt32, bits: UInt32)] = [
        (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16),
        (0xAC10_0000, 12), (0xC000_0000, 24), (0xC000_0200, 24), (0xC0A8_0000, 16), (0xC612_0000, 15),
        (0xC633_6400, 24), (0xCB00_7100, 24), (0xE000_0000, 4), (0xF000_0000, 4),
    ]
}
