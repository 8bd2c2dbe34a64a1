import SystemPackage

/// Walks a GIF block by block to its trailer (GIF89a specification).
enum GIFBlocks {
    static func extent(of content: FileBytes) throws(Errno) -> ContentExtent {
        let stopsEarly = ContentExtent.unfinished(
            reason: "the GIF stops after \(content.count) bytes, before its end")
        guard let screenFlags = try content.byte(at: 10) else { return stopsEarly }
        var position = 13 + colourTableSize(screenFlags)
        var hasFrame = false
        while let block = try content.byte(at: position) {
            switch block {
            case 0x3B:
                return hasFrame
                    ? .complete(end: position + 1) : .unfinished(reason: "the GIF ends without a picture in it")
            case 0x21: position += 2
            case 0x2C:
                hasFrame = true
                guard let flags = try content.byte(at: position + 9) else { return stopsEarly }
                position += 10 + colourTableSize(flags) + 1
            default: return .unfinished(reason: "the GIF is damaged at byte \(position)")
            }
            while let length = try content.byte(at: position), length > 0 { position += Int(length) + 1 }
            position += 1
        }
        return stopsEarly
    }

    private static func colourTableSize(_ flags: UInt8) -> Int { flags & 0x80 == 0 ? 0 : 3 << (flags & 7 + 1) }
}
