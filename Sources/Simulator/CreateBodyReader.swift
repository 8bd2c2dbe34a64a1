import Crypto
import Foundation
import Jobs
import SystemPackage

/// Takes create bodies apart, one at a time, so that never more than one picture is in memory.
actor CreateBodyReader {
    /// Decoded pictures go here.
    let folder: FilePath
    /// Whether pictures are decoded and looked at.
    let keepsPictures: Bool

    init(folder: FilePath, keepsPictures: Bool) {
        self.folder = folder
        self.keepsPictures = keepsPictures
    }

    /// Throws a `Refusal` (400) for what is not JSON, or not base64 of a JPEG or PNG.
    func read(_ body: SpooledBody) throws -> CreateBody {
        let whole = try Data(contentsOf: URL(filePath: body.path.string), options: .alwaysMapped)
        var remainder = Data()
        var pictures: [String: InlinePicture] = [:]
        var copied = 0
        for literal in Self.dataURILiterals(in: whole) {
            let placeholder = "attached:" + UUID().uuidString
            pictures[placeholder] = try decode(whole[literal])
            remainder += whole[copied..<literal.lowerBound]
            remainder += Data(placeholder.utf8)
            copied = literal.upperBound
        }
        remainder += whole[copied...]
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: remainder) else {
            throw Refusal.badRequest("Body is not valid JSON")
        }
        return CreateBody(shown: json.showing(pictures), json: json, pictures: pictures)
    }

    /// Where the strings that are long data URIs lie, without their quotes. Found in the raw bytes, because a JSON
    /// parser would hold each of them several times.
    private static func dataURILiterals(in whole: Data) -> [Range<Int>] {
        // Colons are rare in JSON and absent from base64, so the C library skips the pictures at full speed.
        let opening = Array("\"data:".utf8)
        return whole.withUnsafeBytes { raw in
            func next(_ byte: UInt8, from offset: Int) -> Int? {
                guard let base = raw.baseAddress, offset < raw.count else { return nil }
                return memchr(base + offset, Int32(byte), raw.count - offset).map { base.distance(to: $0) }
            }
            var found: [Range<Int>] = []
            var offset = 0
            while let colon = next(0x3A, from: offset) {
                let start = colon - 4
                guard start > 0, raw[(start - 1)...colon].elementsEqual(opening),
                    start == 1 || raw[start - 2] != 0x5C, let quote = next(0x22, from: colon)
                else {
                    offset = colon + 1
                    continue
                }
                found.append(start..<quote)
                offset = quote + 1
            }
            return found
        }
    }

    private func decode(_ literal: Data) throws -> InlinePicture {
        // Some JSON writers escape every slash, of which base64 has many.
        let uri =
            Self.holdsBackslash(literal)
            ? Data(
                (try JSONDecoder().decode([String].self, from: Data("[\"".utf8) + literal + Data("\"]".utf8)))[0].utf8)
            : literal
        guard let comma = uri.firstIndex(of: 0x2C) else { throw Refusal.badRequest("data URI has no data") }
        let head = String(decoding: uri[..<comma], as: UTF8.self)
        guard let match = head.wholeMatch(of: /data:(image\/(?:jpeg|png));base64/) else {
            throw Refusal.badRequest("data URI must begin with data:image/jpeg;base64, or data:image/png;base64,")
        }
        let mime = String(match.1)
        guard keepsPictures else {
            return InlinePicture(
                mime: mime, bytes: (uri.endIndex - comma - 1) / 4 * 3, sha256: "", file: nil, objection: nil)
        }
        guard let picture = Data(base64Encoded: uri[(comma + 1)...]) else {
            throw Refusal.badRequest("data URI is not valid base64")
        }
        var objection = PictureHeader.objection(to: picture)
        if objection == nil, let format = PictureHeader(picture)?.format.rawValue, format != mime {
            objection = "Image is declared as \(mime) but holds \(format)"
        }
        let file = folder.appending(UUID().uuidString)
        try picture.write(to: URL(filePath: file.string))
        return InlinePicture(
            mime: mime, bytes: picture.count, sha256: Self.sha256(picture), file: file, objection: objection)
    }

    private static func holdsBackslash(_ data: Data) -> Bool {
        data.withUnsafeBytes { raw in raw.baseAddress.flatMap { memchr($0, 0x5C, raw.count) } != nil }
    }

    private static func sha256(_ data: Data) -> String {
        SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined()
    }
}

extension JSONValue {
    fileprivate func showing(_ pictures: [String: InlinePicture]) -> JSONValue {
        switch self {
        case .string(let text):
            guard let picture = pictures[text] else { return self }
            return [
                "mime": .string(picture.mime), "bytes": .integer(picture.bytes), "sha256": .string(picture.sha256),
            ]
        case .array(let values): return .array(values.map { $0.showing(pictures) })
        case .object(let members): return .object(members.mapValues { $0.showing(pictures) })
        default: return self
        }
    }
}
