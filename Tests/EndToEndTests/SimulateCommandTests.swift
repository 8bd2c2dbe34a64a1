import Foundation
import Jobs
import TestKit
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

extension EndToEnd {
    @Suite struct SimulateCommandTests {
        private func status(_ standIn: HotreelStandIn, _ path: String) async throws -> Int? {
            var request = URLRequest(url: try #require(URL(string: standIn.url + path)))
            request.setValue("Bearer any", forHTTPHeaderField: "Authorization")
            return (try await URLSession.shared.data(for: request).1 as? HTTPURLResponse)?.statusCode
        }

        @Test("A stand-in takes a scenario from a file, and another while it runs", .timeLimit(.minutes(1)))
        func scenarios() async throws {
            let fault: JSONValue = ["operation": "billing", "fault": "status", "status": 502]
            try await HotreelStandIn.running("--instant", scenario: ["faults": [fault], "balance": 1]) { standIn in
                #expect(try await status(standIn, "/v2/billing") == 502)
                #expect(try await status(standIn, "/v2/billing") == 200)
                try await standIn.scenario(["faults": [fault]])
                #expect(try await status(standIn, "/v2/billing") == 502)
                try await standIn.topUp(2.5)
                #expect(try await standIn.stats()["billing"] == 3)
                await #expect(throws: HotreelProcess.Failure.self) {
                    try await standIn.scenario(["faults": ["hang"]])
                }
            }
        }

        @Test(
            "A scenario that is not clear ends the command with what is wrong and what to do", .timeLimit(.minutes(1)))
        func mistakes() async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write(#"{"faults": [{"operation": "poll", "fault": "hung"}]}"#, to: "bad.json").string
            let unclear = try await HotreelBinary.call(["simulate", "--port", "0", "--scenario", file])
            #expect(unclear.status == 78)
            #expect(unclear.errors.contains("\(file), faults[0].fault = \"hung\": "))
            #expect(unclear.errors.contains("Write one of "))
            let missing = try await HotreelBinary.call(["simulate", "--port", "0", "--scenario", file + "x"])
            #expect(missing.status == 66)
        }
    }
}
