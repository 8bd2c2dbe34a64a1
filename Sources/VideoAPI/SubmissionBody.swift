import Foundation
import Jobs
import NIOCore
import Synchronization

/// The create body as it goes over the wire: JSON text with keys in order, the pictures read from disk as they are sent.
struct SubmissionBody: Sendable {
    private enum Piece: Sendable {
        case text(String)
        case file(AttachmentFile)
    }
    private let pieces: [Piece]
    /// The exact length in bytes, known before the first is sent.
    let byteCount: Int

    /// Bytes of a file read at a time: 128 KiB of base64. A multiple of 3, so that the pieces join.
    private static let chunk = 96 * 1024

    init(_ submission: OutgoingSubmission) throws(AttachmentProblem) {
        // The text is made with a mark for each picture and cut at the marks; no prompt can hold 122 bits of chance.
        let mark = UUID().uuidString
        let attachments = submission.request.attachments
        let marked = submission.request.completeBody { attachment in
            let number = attachments.firstIndex(of: attachment) ?? 0
            return .string("data:\(attachment.mimeType);base64,\(mark)\(number)>")
        }
        var parts = marked.text.components(separatedBy: mark)[...]
        var pieces = [Piece.text(parts.removeFirst())]
        for part in parts {
            let end = part.firstIndex(of: ">") ?? part.startIndex
            guard let number = Int(part[..<end]), attachments.indices.contains(number) else { continue }
            pieces += [
                .file(try AttachmentFile(attachments[number], in: submission.attachments)),
                .text(String(part[part.index(after: end)...])),
            ]
        }
        guard pieces.count == 2 * attachments.count + 1 else {
            throw AttachmentProblem(file: attachments.last?.file ?? "", what: "has no place in the request")
        }
        self.pieces = pieces
        byteCount = pieces.reduce(0) { sum, piece in
            switch piece {
            case .text(let text): sum + text.utf8.count
            case .file(let file): sum + (file.attachment.bytes + 2) / 3 * 4
            }
        }
    }

    /// The body's bytes; `departure` is told before the first is handed over.
    ///
    /// The HTTP client takes parts as fast as they are made until its event loop has found the connection full. Waiting
    /// for that `loop` to come round before each part keeps the parts in memory to a few.
    func bytes(_ departure: Departure, on loop: any EventLoop) -> Bytes {
        Bytes(body: self, departure: departure, loop: loop)
    }

    struct Bytes: AsyncSequence, Sendable {
        fileprivate let body: SubmissionBody
        fileprivate let departure: Departure
        fileprivate let loop: any EventLoop

        func makeAsyncIterator() -> Iterator { Iterator(sequence: self) }

        struct Iterator: AsyncIteratorProtocol {
            fileprivate let sequence: Bytes
            private var piece = 0
            /// In the current file.
            private var offset = 0
            private var hash: AttachmentHash?

            fileprivate init(sequence: Bytes) { self.sequence = sequence }

            mutating func next() async throws -> ByteBuffer? {
                let pieces = sequence.body.pieces
                guard pieces.indices.contains(piece) else { return nil }
                try await sequence.loop.submit {}.get()
                sequence.departure.note()
                switch pieces[piece] {
                case .text(let text):
                    piece += 1
                    return ByteBuffer(string: text)
                case .file(let file):
                    let bytes = try file.data(at: offset, count: SubmissionBody.chunk)
                    var content = hash ?? AttachmentHash(file.attachment)
                    content.update(bytes)
                    hash = content
                    offset += SubmissionBody.chunk
                    if offset >= file.attachment.bytes {
                        // Before the last part goes out: without it, the request is none.
                        try content.check()
                        piece += 1
                        offset = 0
                        hash = nil
                    }
                    return ByteBuffer(bytes: bytes.base64EncodedData())
                }
            }
        }
    }
}

/// Whether any byte of a body has been handed to the connection. Before that nothing but a head can have gone out, and
/// a head that announces a body which never comes is no request.
final class Departure: Sendable {
    private let noted = Atomic(false)
    func note() { noted.store(true, ordering: .releasing) }
    var happened: Bool { noted.load(ordering: .acquiring) }
}
