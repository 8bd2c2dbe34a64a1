import Catalog
import Jobs

/// A drop that is all there: whole, valid, and nobody writes to it.
package struct Candidate: Sendable {
    package struct Member: Hashable, Sendable {
        package let path: InboxPath
        package let role: Source.Role
        package let claim: Source.Claim
        /// Where in the body it goes; nil for a sidecar.
        package let places: [JSONPointer]

        package init(path: InboxPath, role: Source.Role, claim: Source.Claim, places: [JSONPointer]) {
            self.path = path
            self.role = role
            self.claim = claim
            self.places = places
        }
    }

    package let folder: FileName
    /// Output name, unless the sidecar wishes another.
    package let stem: String
    package let members: [Member]
    package let settings: DropSettings
}

/// A drop that can never be sent as it is.
package struct Refusal: Sendable {
    package let folder: FileName
    package let stem: String
    package let members: [Candidate.Member]
    package let problems: [Problem]
}

/// What to do about some files of a group.
package enum PairingVerdict: Sendable {
    /// Look into this file, then decide again.
    case examine(InboxPath)
    /// Decide again when something changes, at the latest at `until`. `reason` is for people.
    case wait(files: [InboxPath], until: Duration?, reason: String)
    case take(Candidate)
    case refuse(Refusal)
}

/// How long things may take, all on the process's own clock.
package struct PairingRules: Hashable, Sendable {
    /// Quiet time before a file counts as written.
    package let settle: Duration
    /// How long an image alone waits for a sidecar of its own where folder defaults would do.
    package let grace: Duration
    /// How long something incomplete is left alone before it is reported.
    package let orphanAfter: Duration

    package init(settle: Duration, grace: Duration, orphanAfter: Duration) {
        self.settle = settle
        self.grace = grace
        self.orphanAfter = orphanAfter
    }
}
