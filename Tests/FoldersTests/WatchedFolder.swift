import Foundation
import Jobs
import SystemPackage
import TestKit

@testable import Folders

/// A real folder with a real watcher, and what it has told so far.
final class WatchedFolder {
    let folder: TemporaryFolder
    private let watcher = FolderWatcher()
    private var signals: AsyncStream<Void>.Iterator
    private(set) var told = FolderChanges()

    init(preparing prepare: (TemporaryFolder) throws -> Void = { _ in }) async throws {
        folder = try TemporaryFolder()
        try folder.folder("in")
        try folder.folder("aside")
        try prepare(folder)
        signals = watcher.signals.makeAsyncIterator()
        try await watcher.start(root: folder["in"])
    }

    func stop() async { await watcher.stop() }

    func path(_ name: String) -> FilePath { folder["in"].pushing(FilePath(name)) }

    func write(_ name: String, _ text: String = "content") throws { try folder.write(text, to: "in/" + name) }

    func rename(_ old: String, _ new: String) throws {
        guard try FileSystem.rename(folder[old], to: folder[new]) else { throw Errno.fileExists }
    }

    /// Returns once it has been told of a file: its own change, or a listing of a folder it lies in.
    func waitFor(_ file: InboxPath) async {
        await waitUntil { told in
            told.everything || told.files.contains(file) || told.folders.contains { file.folder.isWithin($0) }
        }
    }

    func waitUntil(_ isEnough: (FolderChanges) -> Bool) async {
        while true {
            let news = watcher.drain()
            told.everything = told.everything || news.everything
            told.folders.formUnion(news.folders)
            told.files.formUnion(news.files)
            told.blindness = news.blindness ?? told.blindness
            if isEnough(told) { return }
            guard await signals.next() != nil else { return }
        }
    }

    /// Forgets what was told up to here.
    func turnPage() async throws {
        _ = try await toldByNow()
        told = FolderChanges()
    }

    /// Turns the page once the queue has room again for a mark.
    func calmDown() async throws {
        repeat {
            told = FolderChanges()
            let mark = try makeMark()
            await waitUntil { $0.everything || $0.files.contains(mark) }
        } while told.everything
        try await turnPage()
    }

    /// What was told after everything done so far has been told.
    func toldByNow() async throws -> FolderChanges {
        let mark = try makeMark()
        await waitUntil { $0.files.contains(mark) }
        var told = told
        told.files.remove(mark)
        return told
    }

    static func isMark(_ name: FileName) -> Bool {
        name.text.hasPrefix("mark") && name.text.dropFirst(4).allSatisfy(\.isNumber)
    }

    /// A file renamed in, which is one event and no more.
    private func makeMark() throws -> InboxPath {
        let mark = "mark\(UInt32.random(in: 0...UInt32.max))"
        try folder.write("", to: "aside/" + mark)
        try rename("aside/" + mark, "in/" + mark)
        return InboxPath(folder: "", name: FileName(mark))
    }
}
