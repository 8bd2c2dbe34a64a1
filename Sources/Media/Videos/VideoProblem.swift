import SystemPackage

/// Why a file is not a video that can be delivered.
package enum VideoProblem: Error, Hashable, Sendable {
    /// It is something else; the words say what: "an empty file", "a web page (HTML)".
    case notAVideo(String)
    /// It was cut on the way; downloading it again may help.
    case incomplete(String)
    /// The file could not be read.
    case unreadable(Errno)
    /// ffprobe did not run or gave no answer: nothing is known about the file.
    case notChecked(String)

    /// A sentence for people.
    package var message: String {
        switch self {
        case .notAVideo(let found): "The file is not a video but \(found)."
        case .incomplete(let words): "The video is not complete: \(words)."
        case .unreadable(let error): "The video could not be read: \(error)."
        case .notChecked(let words): "The video could not be checked: ffprobe \(words)."
        }
    }
}
