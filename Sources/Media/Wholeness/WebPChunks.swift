import SystemPackage

/// Holds a WebP's RIFF lengths against the file.
enum WebPChunks {
    static func extent(of content: FileBytes) throws(Errno) -> ContentExtent {
        guard let length = try content.integer(UInt32.self, at: 4, bigEndian: false) else {
            return .cut("WebP", have: content.count, need: 12)
        }
        let end = Int(length) + 8
        guard end <= content.count else { return .cut("WebP", have: content.count, need: end) }
        var position = 12
        var hasPicture = false
        while position + 8 <= end {
            guard let type = try content.bytes(at: position, count: 4),
                let size = try content.integer(UInt32.self, at: position + 4, bigEndian: false),
                position + 8 + Int(size) <= end
            else { return .unfinished(reason: "the WebP is damaged at byte \(position)") }
            if ["VP8 ", "VP8L", "ANMF"].contains(where: { Array($0.utf8) == type }) { hasPicture = true }
            position += 8 + Int(size) + Int(size & 1)
        }
        return hasPicture ? .complete(end: end) : .unfinished(reason: "the WebP has no picture in it")
    }
}
