import SystemPackage

/// Walks a JPEG marker by marker to its end-of-image marker (ITU-T T.81, annex B).
enum JPEGMarkers {
    /// Segments are skipped by their length, so that a thumbnail's end marker inside EXIF is not taken for the
    /// picture's. Everything between segments, scans included, is passed over up to the next marker; a stuffed
    /// `FF00` or a restart marker is part of the scan.
    static func extent(of content: FileBytes) throws(Errno) -> ContentExtent {
        var position = 2
        var hasFrame = false
        var hasScan = false
        while let marker = try content.firstIndex(of: 0xFF, from: position) {
            var codePosition = marker + 1
            while try content.byte(at: codePosition) == 0xFF { codePosition += 1 }
            guard let code = try content.byte(at: codePosition) else { break }
            position = codePosition + 1
            switch code {
            case 0x00, 0x01, 0xD0...0xD8: continue
            case 0xD9:
                guard hasFrame, hasScan else { return .unfinished(reason: "the JPEG ends without a picture in it") }
                return .complete(end: position)
            case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF: hasFrame = true
            case 0xDA: hasScan = true
            default: break
            }
            guard let length = try content.integer(UInt16.self, at: position, bigEndian: true) else { break }
            guard length >= 2 else { return .unfinished(reason: "the JPEG is damaged at byte \(position)") }
            position += Int(length)
        }
        return .unfinished(reason: "the JPEG stops after \(content.count) bytes, before its end marker")
    }
}
