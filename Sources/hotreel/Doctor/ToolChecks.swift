import Media

/// The programs and libraries beside Hotreel.
enum ToolChecks {
    static func run() async -> [Finding] {
        var findings: [Finding] = []
        for program in ["ffmpeg", "ffprobe"] {
            if let version = await MediaTools.version(of: program) {
                findings.append(.ok(program, "\(program) \(version) is there."))
            } else {
                findings.append(
                    .failure(
                        program,
                        "\(program) cannot be run: "
                            + (program == "ffmpeg"
                                ? "no preview can be made." : "no video can be checked, so none is delivered."),
                        remedy: "apt install ffmpeg, and see that it is in the service's PATH."))
            }
        }
        if let version = MediaTools.vipsVersion {
            findings.append(.ok("libvips", "libvips \(version) is there."))
        } else {
            findings.append(
                .failure(
                    "libvips", "libvips cannot be started: no picture can be looked at.",
                    remedy: "apt install --reinstall libvips42"))
        }
        return findings
    }
}
