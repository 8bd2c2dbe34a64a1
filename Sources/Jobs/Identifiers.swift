import Foundation

/// Names one job for ever: time-ordered, safe in file names and in a client request id.
package struct JobID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }

    /// A new id: ten characters of milliseconds since 1970, six of chance.
    package static func make(at now: Date, chance: UInt32 = .random(in: 0...UInt32.max)) -> JobID {
        JobID(rawValue: SortableName.make(at: now, chance: chance))
    }
}

/// Names one drop: what was claimed together. Its variations are jobs of the same drop.
package struct DropID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }

    package static func make(at now: Date, chance: UInt32 = .random(in: 0...UInt32.max)) -> DropID {
        DropID(rawValue: SortableName.make(at: now, chance: chance))
    }
}

/// The vendor's name for a generation. Opaque: it may hold `:` `/` `_` and start with `-`, so never a file name.
package struct GenerationID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }
}

/// Our name for one POST, sent as `X-Client-Request-Id` and found again in the vendor's request log.
///
/// AI/ML API: 1–128 of `A-Za-z0-9._:-`; anything else is dropped silently and the call still billed.
package struct ClientRequestID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String

    package init?(rawValue: String) {
        let allowed = rawValue.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard allowed, (1...128).contains(rawValue.utf8.count) else { return nil }
        self.rawValue = rawValue
    }

    private init(wellFormed: String) { rawValue = wellFormed }

    /// An id of one of a job's POSTs. Job ids hold only letters and digits, so it is well formed.
    ///
    /// `number` must differ from that of each earlier POST of the job, the deferred ones included, which `attempts` does not
    /// count; a store refuses an id that was used before. `Job.nextClientRequestID` is always a new one.
    package static func attempt(_ number: Int, of job: JobID) -> ClientRequestID {
        ClientRequestID(wellFormed: "hotreel-\(job.rawValue)-\(number)")
    }

    package var description: String { rawValue }
}

/// Tells one inbox from the others that one service looks after; empty where there is only one, which needs no name.
package struct InboxName: RawRepresentable, Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package let rawValue: String
    /// A name as the ledger has it, believed as it stands.
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let unnamed = InboxName(rawValue: "")

    /// A name that a person gives: 1–64 of `A-Za-z0-9._-`, so that it can stand in a gate's name, a log and a listing as it is.
    package init?(given name: String) {
        guard name.wholeMatch(of: /[A-Za-z0-9._\-]{1,64}/) != nil else { return nil }
        rawValue = name
    }

    package var isUnnamed: Bool { rawValue.isEmpty }
    package var description: String { rawValue }

    /// What stands before a path or name where several inboxes are spoken of: `commercials:`.
    package var prefix: String { isUnnamed ? "" : "\(rawValue):" }

    package static func < (left: InboxName, right: InboxName) -> Bool { left.rawValue < right.rawValue }
}

extension InboxName: ExpressibleByStringLiteral {
    package init(stringLiteral name: String) { self.init(rawValue: name) }
}

private enum SortableName {
    /// Crockford's base 32 in lower case: no i, l, o, u to misread.
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")

    static func make(at now: Date, chance: UInt32) -> String {
        let milliseconds = UInt64(max(0, now.timeIntervalSince1970 * 1000))
        return digits(milliseconds, count: 10) + digits(UInt64(chance & 0x3FFF_FFFF), count: 6)
    }

    private static func digits(_ value: UInt64, count: Int) -> String {
        String((0..<count).reversed().map { alphabet[Int((value >> (5 * UInt64($0))) & 31)] })
    }
}
