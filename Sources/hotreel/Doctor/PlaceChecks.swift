import Folders

/// Whether inbox and outbox are the shares that they were when the service first used them.
struct PlaceChecks {
    let settings: Settings

    func run() -> [Finding] {
        let known: KnownPlaces
        do {
            known = try KnownPlaces(state: settings.state)
        } catch {
            return [.failure("places", "\(error)", remedy: "See that both shares are mounted, and remove the file.")]
        }
        return settings.folders.flatMap { folder -> [Finding] in
            guard let places = known.known(folder) else { return [] }
            return [("inbox", places.inbox), ("outbox", places.outbox)].compactMap { role, presence in
                guard case .absent(let reason) = presence.look() else { return nil }
                return Finding.failure("\(role)_place", reason, remedy: "Drops wait until then.").about(folder.name)
            }
        }
    }
}
