import SystemPackage

/// Walks the top-level boxes of an ISO base media file (MP4, MOV, HEIF, AVIF): they tile the file, so a box that
/// runs past the end is a file that was cut.
enum ISOBoxes {
    static func extent(of content: FileBytes) throws(Errno) -> ContentExtent {
        var position = 0
        while position < content.count {
            guard let short = try content.integer(UInt32.self, at: position, bigEndian: true),
                try content.bytes(at: position + 4, count: 4) != nil
            else { return .cut("media", have: content.count, need: position + 8) }
            let size: Int
            switch short {
            case 0: return .complete(end: content.count)
            case 1:
                guard let long = try content.integer(UInt64.self, at: position + 8, bigEndian: true) else {
                    return .cut("media", have: content.count, need: position + 16)
                }
                size = Int(clamping: long)
            default: size = Int(short)
            }
            guard size >= 8 else { return .unfinished(reason: "the file is damaged at byte \(position)") }
            let (end, overflow) = position.addingReportingOverflow(size)
            guard !overflow, end <= content.count else {
                return .cut("media", have: content.count, need: overflow ? .max : end)
            }
            position = end
        }
        return .complete(end: position)
    }
}
