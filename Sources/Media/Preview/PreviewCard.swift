import Subprocess
import SystemPackage

/// Pictures for previews whose own picture is not at hand.
package enum PreviewCard {
    /// Draws a plain 1280 × 720 PNG with `words` on it, such as the address of a picture that is not fetched.
    package static func draw(_ words: String, to output: FilePath) async throws(PreviewError) {
        do throws(PreviewError) {
            try await draw(filters: [background, text(words)], to: output)
        } catch .renderFailed {
            // No font, or an ffmpeg without text: the card stays blank.
            try await draw(filters: [background], to: output)
        }
    }

    /// Fetches a picture over plain HTTP and stores it as PNG; no proxy is asked.
    package static func fetch(_ url: String, to output: FilePath) async throws(PreviewError) {
        _ = try await FFmpegTool.ffmpeg.run(
            ["-y", "-protocol_whitelist", "http,tcp", "-i", .text(url)] + png(output),
            environment: .inherit.updating(["no_proxy": "*"]))
    }

    private static let background = "gradients=s=1280x720:c0=0x203040:c1=0x807060:x0=0:y0=0:x1=1280:y1=720:n=2:r=1"

    private static func draw(filters: [String], to output: FilePath) async throws(PreviewError) {
        _ = try await FFmpegTool.ffmpeg.run(
            ["-y", "-f", "lavfi", "-i", .text(filters.joined(separator: ","))] + png(output))
    }

    private static func png(_ output: FilePath) -> [FFmpegTool.Argument] {
        ["-frames:v", "1", "-c:v", "png", "-f", "image2", "-update", "1", .file(output)]
    }

    /// Anything that could mean something to a filter graph becomes an underscore; long words are broken into lines.
    private static func text(_ words: String) -> String {
        let plain = words.unicodeScalars.prefix(480).map { scalar -> Character in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || "/.-_~?=& :".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
        }
        let lines = stride(from: 0, to: plain.count, by: 48).map { String(plain[$0..<min($0 + 48, plain.count)]) }
        let escaped = lines.joined(separator: "\n").replacing(":", with: "\\:")
        return
            "drawtext=text='\(escaped)':expansion=none:font=Sans:fontsize=40:line_spacing=12:fontcolor=white:x=60:y=(h-th)/2"
    }
}
