import Foundation
import Jobs
import Testing

@Test(arguments: [true, false]) func scratch(instant: Bool) async throws {
    let data = try await TestPicture.bytes("3000x2000", format: "png")
    print("bytes", data.count)
    let big = data + Data(count: 5_000_000)
    let body = createBody(image: "data:image/png;base64," + big.base64EncodedString())
    let bytes = Data(body.text.utf8)
    try await RunningSimulator.run { $0.isInstant = instant; $0.previewArea = 160*90 } body: { simulator in
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 { group.addTask {
                let a = try await simulator.send("POST", "/v2/video/generations", body: bytes)
                #expect(a.status == 200, "\(a.text)")
            } }
            try await group.waitForAll()
        }
        print("40 creates", instant, start.duration(to: .now))
        _ = try await simulator.send("GET", "/_simulator/idle")
        print("rendered", start.duration(to: .now))
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        print(status.split(separator: "\n").filter { $0.hasPrefix("VmHWM") })
    }
}
