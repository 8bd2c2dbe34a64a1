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
        return [("inbox", settings.inbox), ("outbox", settings.outbox)].compactMap { role, path in
            guard case .absent(let reason) = known.known(role, at: path)?.look() else { return nil }
            return .failure("\(role)_place", reason, remedy: "Drops wait until then.")
        }
    }
}
