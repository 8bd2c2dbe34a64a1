import Foundation
import NIOHTTP1

/// What the head of an answer says is coming.
enum DownloadAnswer: Hashable {
    /// The video from its first byte; its length where that is announced.
    case whole(length: Int?)
    /// The video from where it was asked for.
    case rest(total: Int)
    /// Not the part that was asked for: another place, another length than can be, or no such place.
    case otherRange

    /// - Parameters:
    ///   - start: where the video was asked for from; nil for all of it.
    ///   - held: bytes that are there already.
    init(_ status: Int, _ headers: HTTPHeaders, from start: Int?, held: Int, limit: Int) throws(DownloadError) {
        switch (status, start) {
        case (200, _), (203, _):
            try Self.checkContent(headers)
            let length = headers.first(name: "Content-Length").flatMap { Int($0) }
            try Self.check(length, limit)
            self = .whole(length: length)
        case (206, let start?):
            let type = headers.first(name: "Content-Type")?.lowercased() ?? ""
            guard !type.hasPrefix("multipart/"), let range = ContentRange(headers), range.first == start,
                range.total >= held
            else {
                self = .otherRange
                return
            }
            try Self.checkContent(headers)
            try Self.check(range.total, limit)
            self = .rest(total: range.total)
        case (416, _?): self = .otherRange
        case (204, _), (205, _): throw .notAVideo("The file at the video's address is empty.")
        case (408, _), (425, _), (429, _): throw .interrupted("The video's server is busy (HTTP \(status)).")
        // Some stores answer 400 for a signature that has run out; asking for a new link costs nothing in any case.
        case (400..<500, _): throw .expired(status: status)
        default: throw .interrupted("The video's server answered HTTP \(status).")
        }
    }

    private static func checkContent(_ headers: HTTPHeaders) throws(DownloadError) {
        let type = headers.first(name: "Content-Type")?.lowercased() ?? ""
        let essence = type.prefix { $0 != ";" }
        guard !essence.hasPrefix("text/"), !essence.hasPrefix("multipart/"), !essence.contains("json"),
            !essence.contains("xml")
        else { throw .notAVideo("The video's address gave \(type.prefix(40)) instead of a video.") }
        let encoding = headers.first(name: "Content-Encoding")?.lowercased() ?? ""
        guard ["", "identity"].contains(encoding) else {
            throw .notAVideo("The video's address gave it packed (\(encoding.prefix(40))), which was not asked for.")
        }
    }

    private static func check(_ length: Int?, _ limit: Int) throws(DownloadError) {
        guard let length, length > limit else { return }
        throw .notAVideo("The file at the video's address holds \(length) bytes; at most \(limit) are taken.")
    }

    /// Whether the first bytes of what calls itself a video are a page's or a message's, whatever its Content-Type says. No
    /// container of films begins like this; that it begins like one is for the probe to say.
    static func isText(_ bytes: some Sequence<UInt8>) -> Bool {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D]
        let first = bytes.lazy.prefix(64).first { !mark.contains($0) }
        return first == UInt8(ascii: "<") || first == UInt8(ascii: "{")
    }
}

/// `Content-Range: bytes 5-9/10`, with a total that is told.
struct ContentRange: Hashable {
    let first: Int
    let total: Int

    init?(_ headers: HTTPHeaders) {
        guard let text = headers.first(name: "Content-Range"),
            let match = text.wholeMatch(of: /(?i)\s*bytes\s+(\d+)-(\d+)\/(\d+)\s*/),
            let first = Int(match.1), let last = Int(match.2), let total = Int(match.3), first <= last, last < total
        else { return nil }
        (self.first, self.total) = (first, total)
    }
}
