import Foundation
import Jobs
import Logging
import SystemPackage
import TestKit

@testable import VideoAPI

let secret = "sk-test-0123456789abcdef"
let kling = "kling-video/v1.6/pro/image-to-video"

struct NoKey: Error {}

/// A client of whatever listens at `port`, shut down at the end.
func withClient<Result>(
    port: Int, scheme: String = "http", host: String = "127.0.0.1",
    _ change: (inout HTTPGenerationClientConfiguration) -> Void = { _ in },
    _ work: (HTTPGenerationClient) async throws -> Result
) async throws -> Result {
    guard let key = APIKey(secret), let url = URL(string: "\(scheme)://\(host):\(port)") else { throw NoKey() }
    var configuration = HTTPGenerationClientConfiguration(baseURL: url, apiKey: key)
    change(&configuration)
    let client = HTTPGenerationClient(configuration: configuration, logger: Logger(label: "test"))
    do {
        let result = try await work(client)
        try await client.shutdown()
        return result
    } catch {
        try await client.shutdown()
        throw error
    }
}

/// A submission of pictures that lie in `folder`, by the place each has in the body.
func submission(
    _ body: [String: JSONValue] = ["model": .string(kling), "prompt": "a slow pan", "duration": 5],
    _ files: [(place: [PlaceStep], name: String, bytes: Int)] = [], in folder: TemporaryFolder, attempt: Int = 1
) -> OutgoingSubmission {
    OutgoingSubmission(
        clientRequestID: .attempt(attempt, of: JobID(rawValue: "0jobofthetest000")),
        request: GenerationRequest(
            body: body,
            attachments: files.map { file in
                Attachment(
                    place: file.place, file: FileName(file.name), name: FileName(file.name), mimeType: "image/png",
                    bytes: file.bytes, sha256: "")
            }),
        attachments: folder.path)
}

/// A submission with one picture of `bytes` bytes of chance.
func pictureSubmission(bytes: Int = 1_000, in folder: TemporaryFolder, attempt: Int = 1) throws -> OutgoingSubmission {
    try folder.write(Data.random(bytes), to: "a.png")
    return submission(["model": .string(kling)], [([.key("image_url")], "a.png", bytes)], in: folder, attempt: attempt)
}

extension Data {
    static func random(_ count: Int) -> Data {
        var data = Data(count: count)
        data.withUnsafeMutableBytes { buffer in
            var generator = SystemRandomNumberGenerator()
            for offset in stride(from: 0, to: buffer.count - 7, by: 8) {
                buffer.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
            }
        }
        return data
    }
}

/// An HTTP request as it was on the wire.
struct RawRequest {
    let line: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    init(_ bytes: [UInt8]) {
        let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) ?? bytes.endIndex..<bytes.endIndex
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        line = lines[0]
        headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            return (parts[0].lowercased(), parts.count > 1 ? parts[1] : "")
        }
        body = Array(bytes[end.upperBound...])
    }

    subscript(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
    var target: String { line.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: Data(body)) }
}
