import Jobs
import SystemPackage

/// Why a picture cannot be used, in words for the person who dropped it.
package struct ImageProblem: Error, Hashable, Sendable {
    /// What is so ("60000 × 60000 pixels"), where there is something to show.
    package let value: String?
    /// What is allowed.
    package let rule: String
    /// What to do.
    package let remedy: String
    /// Set where the system refused to read or write (permission, no space, …), so that the picture may be in order
    /// and a later attempt may succeed.
    package let systemError: Errno?

    init(value: String? = nil, rule: String, remedy: String, systemError: Errno? = nil) {
        self.value = value
        self.rule = rule
        self.remedy = remedy
        self.systemError = systemError
    }

    /// The problem as it stands in an error report.
    package func problem(file: String, key: String? = nil) -> Problem {
        Problem(file: file, key: key, value: value, rule: rule, remedy: remedy)
    }
}

extension ImageProblem {
    static let exportRemedy = "Export it as JPEG, PNG, TIFF, WebP, BMP, GIF or HEIC and drop it again."

    static func unreadable(_ error: Errno) -> ImageProblem {
        ImageProblem(
            rule: "the picture must be a readable ordinary file (\(error))",
            remedy: "Check the file's permissions and drop the picture itself, not a link to it.", systemError: error)
    }

    static func notWritable(_ error: Errno) -> ImageProblem {
        ImageProblem(
            rule: "the fitted picture could not be written (\(error))",
            remedy: "Ask the administrator to check the free space of the hot folder's disk.", systemError: error)
    }

    static func undecodable(_ format: ImageFormat, _ words: String) -> ImageProblem {
        ImageProblem(
            rule: "the picture must open as the \(format.spokenName) it is (\(words))",
            remedy: "Open it in an image editor, export it again and drop the new file.")
    }

    static func tooManyPixels(width: Int, height: Int) -> ImageProblem {
        ImageProblem(
            value: "\(width) × \(height) pixels",
            rule: "a picture may have at most \(ImageProbe.maxPixels) pixels (such as 16384 × 16384)",
            remedy: "Scale it down; a video needs no more than 1920 pixels of width.")
    }
}
