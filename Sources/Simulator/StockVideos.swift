import Foundation
import Media
import SystemPackage

/// The videos every generation gets in instant mode: one for each duration, made when first asked for.
actor StockVideos {
    private let folder: FilePath
    private var made: [Int: Task<FilePath, any Error>] = [:]

    init(folder: FilePath) {
        self.folder = folder
    }

    func video(seconds: Int) async throws -> FilePath {
        if let making = made[seconds] { return try await making.value }
        let folder = folder
        // Shared by every request that waits for it, so it belongs to none of them.
        let making = Task {
            let card = folder.appending("stock-\(seconds).png")
            try await PreviewCard.draw("stock video", to: card)
            let video = folder.appending("stock-\(seconds).mp4")
            var plan = PreviewPlan(picture: card, seconds: seconds)
            plan.frameArea = 320 * 180
            try await PreviewRenderer().render(plan, to: video)
            return video
        }
        made[seconds] = making
        return try await making.value
    }
}
