import SystemPackage

/// Walks a PNG chunk by chunk, each against its CRC, through `IEND`.
enum PNGChunks {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func extent(of content: FileBytes) throws(Errno) -> ContentExtent {
        let stopsEarly = ContentExtent.unfinished(
            reason: "the PNG stops after \(content.count) bytes, before its end chunk")
        var position = signature.count
        var hasData = false
        while true {
            guard let length = try content.integer(UInt32.self, at: position, bigEndian: true),
                let type = try content.bytes(at: position + 4, count: 4)
            else { return stopsEarly }
            let end = position + 8 + Int(length)
            guard end + 4 <= content.count else {
                return length < 1 << 31 ? stopsEarly : .unfinished(reason: "the PNG is damaged at byte \(position)")
            }
            let expected = try content.integer(UInt32.self, at: end, bigEndian: true)
            guard let checksum = try content.checksum(of: position + 4..<end), checksum == expected else {
                return .unfinished(reason: "the PNG's data between bytes \(position) and \(end) fails its checksum")
            }
            position = end + 4
            if type == Array("IDAT".utf8) { hasData = true }
            if type == Array("IEND".utf8) {
                return hasData
                    ? .complete(end: position) : .unfinished(reason: "the PNG ends without a picture in it")
            }
        }
    }

    /// The first chunk, which every PNG begins with.
    struct Header: Equatable {
        let width: Int
        let height: Int
        /// Bits of one stored sample; palette entries always have 8.
        let sampleDepth: Int

        init?(_ content: FileBytes) throws(Errno) {
            guard try content.bytes(at: 12, count: 4) == Array("IHDR".utf8),
                let width = try content.integer(UInt32.self, at: 16, bigEndian: true),
                let height = try content.integer(UInt32.self, at: 20, bigEndian: true),
                let depth = try content.byte(at: 24), let colourType = try content.byte(at: 25),
                width > 0, height > 0
            else { return nil }
            self.width = Int(width)
            self.height = Int(height)
            sampleDepth = colourType == 3 ? 8 : Int(depth)
        }
    }
}
