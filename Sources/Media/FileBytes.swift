import CZlib
import Glibc
import SystemPackage

/// A file's bytes through a window of 1 MiB, with the searches that a file of any size needs done by C libraries.
final class FileBytes {
    private static let windowSize = 1 << 20
    let file: RegularFile
    private var window: [UInt8] = []
    private var windowStart = 0

    init(_ file: RegularFile) { self.file = file }

    var count: Int { file.size }

    /// Moves the window so that it holds `position`; false past the end.
    private func reach(_ position: Int) throws(Errno) -> Bool {
        if position >= windowStart, position < windowStart + window.count { return true }
        window = try file.bytes(at: position, count: Self.windowSize)
        windowStart = position
        return !window.isEmpty
    }

    func byte(at position: Int) throws(Errno) -> UInt8? {
        try reach(position) ? window[position - windowStart] : nil
    }

    /// Exactly `count` bytes, or nil where the file ends before.
    func bytes(at position: Int, count: Int) throws(Errno) -> [UInt8]? {
        if position >= windowStart, position + count <= windowStart + window.count {
            return Array(window[(position - windowStart)..<(position - windowStart + count)])
        }
        let bytes = try file.bytes(at: position, count: count)
        return bytes.count == count ? bytes : nil
    }

    func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type, at position: Int, bigEndian: Bool
    ) throws(Errno) -> Integer? {
        guard let bytes = try bytes(at: position, count: Integer.bitWidth / 8) else { return nil }
        return (bigEndian ? bytes : bytes.reversed()).reduce(0) { $0 << 8 | Integer($1) }
    }

    func firstIndex(of byte: UInt8, from start: Int) throws(Errno) -> Int? {
        var position = start
        while try reach(position) {
            let found = window.withUnsafeBytes { bytes -> Int? in
                let rest = bytes[(position - windowStart)...]
                guard let base = bytes.baseAddress,
                    let hit = memchr(base + rest.startIndex, Int32(byte), rest.count)
                else { return nil }
                return base.distance(to: UnsafeRawPointer(hit))
            }
            if let found { return windowStart + found }
            position = windowStart + window.count
        }
        return nil
    }

    /// zlib's CRC-32 over a range, or nil where the file ends within it.
    func checksum(of range: Range<Int>) throws(Errno) -> UInt32? {
        var checksum = crc32(0, nil, 0)
        var position = range.lowerBound
        while position < range.upperBound {
            guard try reach(position) else { return nil }
            let end = min(range.upperBound, windowStart + window.count)
            checksum = window.withUnsafeBufferPointer {
                let part = UnsafeBufferPointer(rebasing: $0[(position - windowStart)..<(end - windowStart)])
                return crc32(checksum, part.baseAddress, uInt(part.count))
            }
            position = end
        }
        return UInt32(truncatingIfNeeded: checksum)
    }

    /// Whether nothing but zero bytes stand from `start` to the end.
    func isZero(from start: Int) throws(Errno) -> Bool {
        var position = start
        while try reach(position) {
            let zero = window.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[(position - windowStart)...])
                guard let base = rest.baseAddress, rest[0] == 0 else { return false }
                // A range equal to itself moved by one byte is one byte repeated.
                return memcmp(base, base + 1, rest.count - 1) == 0
            }
            guard zero else { return false }
            position = windowStart + window.count
        }
        return true
    }
}
