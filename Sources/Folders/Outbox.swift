import Foundation
import Jobs
import SystemPackage

/// Where finished things go. Nothing in it is ever replaced, and a name exists only once its file is complete.
package struct Outbox: Sendable {
    package enum Part: String, Sendable, CaseIterable { case videos, errors, originals }

    package let root: FilePath
    package init(root: FilePath) { self.root = root }

    package func folder(_ part: Part, _ folder: FileName) -> FilePath {
        root.appending(FileName(part.rawValue)).appending(folder)
    }

    package func prepare() throws(FileError) {
        for part in Part.allCases { try FileSystem.makeFolder(folder(part, "")) }
    }

    // MARK: Videos

    /// Where a job's video is written before it has its name, beside its destination.
    package func downloadPath(of job: JobID, folder: FileName) throws(FileError) -> FilePath {
        let place = self.folder(.videos, folder)
        try FileSystem.makeFolder(place)
        return place.appending(FileName(".\(job.rawValue).mp4.part"))
    }

    package func videoPath(folder: FileName, name: String) -> FilePath {
        self.folder(.videos, folder).appending(FileName(name + ".mp4"))
    }

    /// The first of `name`, `name (2)` … that neither a video nor a receipt has.
    package func freeVideoName(_ name: String, folder: FileName) -> String {
        var number = 1
        while true {
            let choice = OutputName.choice(number, of: name)
            if !FileSystem.exists(videoPath(folder: folder, name: choice)),
                !FileSystem.exists(receiptPath(folder: folder, name: choice))
            {
                return choice
            }
            number += 1
        }
    }

    package func receiptPath(folder: FileName, name: String) -> FilePath {
        self.folder(.videos, folder).appending(FileName(name + ".receipt.json"))
    }

    /// Gives a complete video its name. False when the name was taken meanwhile.
    package func publish(_ file: FilePath, folder: FileName, name: String) throws(FileError) -> Bool {
        let target = videoPath(folder: folder, name: name)
        guard try FileSystem.rename(file, to: target) else { return false }
        try FileSystem.sync(folder: target.removingLastComponent())
        return true
    }

    // MARK: Reports and sources

    /// Writes `STEM.error.txt` and `.error.json`, over reports of the same stem whose sources somebody has taken away.
    package func report(text: String, json: [UInt8], folder: FileName, stem: String) throws(FileError) {
        let place = self.folder(.errors, folder)
        try FileSystem.makeFolder(place)
        try FileSystem.replace(place.appending(FileName(stem + ".error.json")), with: json)
        try FileSystem.replace(place.appending(FileName(stem + ".error.txt")), with: Array(text.utf8))
    }

    /// The number that makes a drop's files, or the reports in their name, clash with nothing in `part`.
    package func freeNumber(for drop: Drop, in part: Part) -> Int {
        let place = folder(part, drop.folder)
        let files = drop.sources.filter { $0.role == .picture || $0.role == .sidecar }.map(\.file)
        return (1...).first { number in
            files.allSatisfy { !FileSystem.exists(place.appending(OutputName.choice(number, of: $0))) }
        } ?? 1
    }

    /// Moves what a drop's claim folder holds of its sources to `part`. Doing it again after a crash is harmless.
    ///
    /// A tail or mask that lies there already with the same content is not kept twice.
    package func receive(_ drop: Drop, from claims: Claims, in part: Part, number: Int) throws(FileError) {
        for source in drop.sources {
            let claimed = claims.path(of: source, in: drop.id)
            guard try FileSystem.status(of: claimed) != nil else { continue }
            try receive(claimed, as: source, folder: folder(part, drop.folder), number: number)
        }
    }

    /// Copies what a drop's claim folder holds of its sources to `part`, for a drop whose variations ended differently.
    package func receiveCopies(_ drop: Drop, from claims: Claims, in part: Part, number: Int) throws(FileError) {
        for source in drop.sources {
            let claimed = claims.path(of: source, in: drop.id)
            guard let status = try FileSystem.status(of: claimed), status.kind == .regular else { continue }
            let copy = claimed.removingLastComponent().appending(FileName(".\(UInt32.random(in: 0...UInt32.max))"))
            try FileSystem.copy(claimed, to: copy)
            try receive(copy, as: source, folder: folder(part, drop.folder), number: number)
        }
    }

    private func receive(_ claimed: FilePath, as source: Source, folder: FilePath, number: Int) throws(FileError) {
        var number = number
        while true {
            let target = folder.appending(OutputName.choice(number, of: source.file))
            try FileSystem.makeFolder(target.removingLastComponent())
            let isShared = source.role == .tail || source.role == .mask || source.claim == .copy
            if isShared, let there = try? FileSystem.hash(target), there.sha256 == source.sha256 {
                return try FileSystem.remove(claimed)
            }
            if try FileSystem.move(claimed, to: target) {
                return try FileSystem.sync(folder: target.removingLastComponent())
            }
            number += 1
        }
    }

    /// Removes the reports on a stem whose sources have been dropped again; they speak of what no longer lies there.
    package func withdrawReports(folder: FileName, stem: String) throws(FileError) {
        let place = self.folder(.errors, folder)
        guard FileSystem.exists(place.appending(FileName(stem + ".error.json"))) else { return }
        let sources = try FileSystem.list(place).contains { entry in
            NameRules.stem(of: entry.name).folded == stem.folded
        }
        guard !sources else { return }
        try ErrorReportFiles.remove(in: place, stem: stem)
    }
}
