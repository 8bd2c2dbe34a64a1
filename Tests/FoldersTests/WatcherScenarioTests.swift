import Catalog
import Foundation
import Jobs
import TestKit
import Testing

@testable import Folders

/// Stories of what real programs do, told in the files of `WatcherScenarios`: one text file each, played on a real folder
/// with a real watcher. Another one needs no Swift: put a file there.
///
/// Each line is a step; `#` begins a comment; a name with a space stands in quotes. Names lie in the inbox, those that
/// begin with `../` beside it on the same disk. Files above a line `watch` were there before; without it watching starts first.
///
///     write NAME CONTENT     make or empty the file, write, close        remove NAME        a file or folder
///     open NAME              make it if need be, and hold it open        rename OLD NEW     a file or folder
///     put NAME CONTENT       into an open file, at its place             link OLD NEW       another name
///     size NAME full         or `0`: set an open file's size             symlink OLD NEW
///     map NAME CONTENT       into an open file through memory            tmpfile NAME CONTENT   made without a name, then linked
///     close NAME                                                         mkdir NAME         and those above it
///     touch NAME · chmod NAME
///
/// CONTENT is `picture`, its `half` and the `rest` of it, `zeros` of its size, `nothing`, `sidecar`, or JSON up to the end of the line.
///
///     wait SECONDS           the intake's clock goes on (quiet time 2 s, grace 5 s, given back after 60 s)
///     told NAME…             the watcher has told of each since the last such line: of it, or of a folder it lies in
///     silent                 the watcher has told of nothing since
///     taken NAME + NAME…     a drop of exactly these was taken during the last wait; `+ NAME*` where a file stays for others
///     returned NAME + NAME…  these were given back with an error report
///     waiting NAME: REASON   it is known and waits, and the reason reads so, or contains this
///     passed NAME            it lies there, and is passed over
///
/// Every drop taken or given back must be told of: what the file does not mention must not happen.
// One after the other: all watchers of a process share one queue.
@Suite("Watcher scenarios", .serialized, .timeLimit(.minutes(5)))
struct WatcherScenarioTests {
    @Test("are told and decided as written", arguments: WatcherScenario.all)
    func play(_ scenario: WatcherScenario) async throws {
        #expect(!scenario.lines.isEmpty)
        let inbox = try await ScenarioInbox(catalog: .bundled(), scenario)
        for line in scenario.rest {
            if let complaint = try await inbox.play(line) {
                Issue.record("\(scenario.testDescription), line \(line.number): \(complaint)")
                break
            }
        }
        if let rest = inbox.untold { Issue.record("\(scenario.testDescription), at the end: \(rest)") }
        await inbox.stop()
    }

    @Test("there are some")
    func some() { #expect(WatcherScenario.all.count >= 25) }
}

struct WatcherScenario: CustomTestStringConvertible, Sendable {
    struct Line: Sendable {
        let number: Int
        let words: [String]
    }

    let testDescription: String
    let lines: [Line]

    static let all: [WatcherScenario] = {
        let folder = Bundle.module.resourceURL?.appending(path: "WatcherScenarios") ?? URL(fileURLWithPath: "/")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "txt" }.sorted { $0.path < $1.path }.map { file in
            let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            return WatcherScenario(file.deletingPathExtension().lastPathComponent, text)
        }
    }()

    private init(_ name: String, _ text: String) {
        testDescription = name
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            let words = Self.words(of: line)
            return words.isEmpty ? nil : Line(number: index + 1, words: words)
        }
    }

    /// Split at spaces, except between quotes; JSON is one word to the end.
    private static func words(of line: Substring) -> [String] {
        var words: [String] = []
        var rest = line[...].drop { $0 == " " }
        while let first = rest.first, first != "#" {
            switch first {
            case "{":
                words.append(String(rest))
                return words
            case "\"":
                let inner = rest.dropFirst().prefix { $0 != "\"" }
                words.append(String(inner))
                rest = rest.dropFirst(inner.count + 2)
                if rest.first == ":" { rest = rest.dropFirst() }
            default:
                let word = rest.prefix { $0 != " " }
                words.append(String(word))
                rest = rest.dropFirst(word.count)
            }
            rest = rest.drop { $0 == " " }
        }
        return words
    }

    /// The steps before watching starts.
    var beginning: ArraySlice<Line> { lines.firstIndex { $0.words == ["watch"] }.map { lines[..<$0] } ?? [] }
    /// The steps from there on.
    var rest: ArraySlice<Line> { lines.firstIndex { $0.words == ["watch"] }.map { lines[($0 + 1)...] } ?? lines[...] }
}
