import Foundation
import Jobs
import Subprocess
import SystemPackage

/// Tells by content what a video is and that it is all there.
///
/// Completeness is proved by the container: an MP4's boxes must tile the file, every frame that its index lists must be
/// readable, and the last one must reach the stated duration. Frames are not decoded: it would cost seconds of all
/// processors for each video and finds no cut that these three miss, while a decoder's complaint must not cost anyone
/// a video that plays and is paid for.
package enum VideoProbe {
    private static let limit = Duration.seconds(30)

    package static func facts(of path: FilePath) async throws(VideoProblem) -> VideoFacts {
        let file: RegularFile
        do {
            file = try RegularFile(path)
            try check(FileBytes(file))
        } catch let problem as VideoProblem {
            throw problem
        } catch {
            throw .unreadable(error as? Errno ?? .ioError)
        }

        let report: MediaProgram.Report<String>
        do {
            // Playlists and the like, which name further files, are not among the formats.
            report = try await MediaProgram.ffprobe.run(
                [
                    "-protocol_whitelist", "file", "-format_whitelist", "mov,matroska", "-select_streams", "V:0",
                    "-count_packets", "-show_entries",
                    "format=duration:stream=width,height,duration,nb_frames,nb_read_packets:packet=pts_time,duration_time",
                    "-of", "json=compact=1", "-i", "file:/dev/stdin",
                ],
                reading: file, output: .string(limit: 16 << 20), within: limit)
        } catch {
            throw .notChecked(error.message)
        }
        guard report.succeeded else {
            throw .notAVideo("data that no player opens (\(report.firstComplaint))")
        }
        return try ProbeReport.decode(report.output).facts()
    }

    /// What needs no program: files that are plainly something else, and MP4s that are cut.
    private static func check(_ content: FileBytes) throws {
        guard content.count > 0 else { throw VideoProblem.notAVideo("an empty file") }
        let head = try content.file.bytes(at: 0, count: 512)
        let text = String(decoding: head, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if text.hasPrefix("<") { throw VideoProblem.notAVideo("a web page (\(text.prefix(60)) …)") }
        if text.hasPrefix("{") || text.hasPrefix("[") {
            throw VideoProblem.notAVideo("a message (\(text.prefix(200)))")
        }
        if head.dropFirst(4).starts(with: "ftyp".utf8),
            case .unfinished(let reason) = try ISOBoxes.extent(of: content)
        {
            throw VideoProblem.incomplete(reason)
        }
    }
}

/// ffprobe's answer.
private struct ProbeReport: Decodable {
    struct Packet: Decodable {
        let pts_time: String?
        let duration_time: String?
    }
    struct Stream: Decodable {
        let width: Int?
        let height: Int?
        let duration: String?
        let nb_frames: String?
        let nb_read_packets: String?
    }
    struct Format: Decodable {
        let duration: String?
    }
    let packets: [Packet]?
    let streams: [Stream]?
    let format: Format?

    static func decode(_ text: String) throws(VideoProblem) -> ProbeReport {
        do {
            return try JSONDecoder().decode(ProbeReport.self, from: Data(text.utf8))
        } catch {
            throw .notChecked("gave an answer that cannot be read")
        }
    }

    func facts() throws(VideoProblem) -> VideoFacts {
        guard let stream = streams?.first, let width = stream.width, let height = stream.height, width > 0, height > 0
        else { throw .notAVideo("a file without a picture track") }
        guard let duration = (stream.duration ?? format?.duration).flatMap(Double.init), duration > 0 else {
            throw .notAVideo("a file without a duration")
        }
        let read = stream.nb_read_packets.flatMap { Int($0) } ?? 0
        guard read > 0 else { throw .incomplete("it has no frames") }
        if let listed = stream.nb_frames.flatMap({ Int($0) }), read < listed {
            throw .incomplete("it holds \(read) of \(listed) frames")
        }
        let times = (packets ?? []).compactMap { packet in
            packet.pts_time.flatMap(Double.init).map { ($0, packet.duration_time.flatMap(Double.init) ?? 0) }
        }
        if let first = times.map(\.0).min(), let end = times.map({ $0.0 + $0.1 }).max() {
            let tolerance = max(0.25, 2 * duration / Double(read))
            guard end - min(first, 0) >= duration - tolerance else {
                throw .incomplete("its frames end after \(end) of \(duration) seconds")
            }
        }
        return VideoFacts(duration: duration, width: width, height: height)
    }
}
