import Foundation
import Jobs
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    @Test("of jobs sort by time, and differ within one millisecond")
    func jobIDs() {
        let start = Date(timeIntervalSince1970: 1_700_000_000)
        let ids = (0..<2_000).map { JobID.make(at: start + Double($0) * 0.5, chance: UInt32.max - UInt32($0)).rawValue }
        #expect(ids == ids.sorted())
        #expect(ids.allSatisfy { $0.count == 16 })
        let together = (0..<2_000).map { JobID.make(at: start, chance: $0) }
        #expect(Set(together).count == 2_000)
        #expect(JobID.make(at: start).rawValue.prefix(10) == DropID.make(at: start).rawValue.prefix(10))
    }

    @Test("of jobs hold only what a file name and a client request id may hold")
    func jobIDsAreSafe() {
        for time in [0, 1, 1_700_000_000, 4_000_000_000] as [Double] {
            let id = JobID.make(at: Date(timeIntervalSince1970: time))
            #expect(id.rawValue.allSatisfy { "0123456789abcdefghjkmnpqrstvwxyz".contains($0) })
            let request = ClientRequestID.attempt(17, of: id)
            #expect(ClientRequestID(rawValue: request.rawValue) == request)
        }
    }

    @Test(
        "of client requests are well formed or none",
        arguments: [
            ("a", true), ("hotreel-0abc-1", true), ("A.b_c:d-9", true), (String(repeating: "x", count: 128), true),
            ("", false), (String(repeating: "x", count: 129), false), ("a b", false), ("a/b", false), ("é", false),
            ("a\n", false), ("a;b", false),
        ])
    func clientRequestIDs(text: String, isWellFormed: Bool) {
        #expect((ClientRequestID(rawValue: text) != nil) == isWellFormed)
    }

    @Test("that are not well formed are refused when read back")
    func decoding() {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ClientRequestID].self, from: Data(#"["a b"]"#.utf8))
        }
    }
}
