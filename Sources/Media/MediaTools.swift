import CVips
import Subprocess

/// The programs and the library that this room works with, as they are installed here.
package enum MediaTools {
    /// ffmpeg's or ffprobe's version: `5.1.6-0+deb12u1`. nil where it cannot be run.
    package static func version(of program: String) async -> String? {
        guard let tool = FFmpegTool(rawValue: program), let text = try? await tool.run(["-version"]) else { return nil }
        // ffmpeg version 5.1.6-0+deb12u1 Copyright (c) 2000-2024 the FFmpeg developers
        let words = text.split(separator: "\n").first?.split(separator: " ") ?? []
        return words.count > 2 && words[1] == "version" ? String(words[2]) : nil
    }

    /// libvips' version: `8.14.1`. nil where it cannot be started.
    package static var vipsVersion: String? {
        guard VipsLibrary.startFailure == nil else { return nil }
        return (0...2).map { String(vips_version(Int32($0))) }.joined(separator: ".")
    }
}
