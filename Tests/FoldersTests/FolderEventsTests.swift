import Foundation
import TestKit
import Testing

@testable import Folders

struct FolderEventsTests {
    @Test func `A receipt's name is told at once, and where nothing happens the time runs out`() throws {
        let folder = try TemporaryFolder()
        let events = try FolderEvents()
        #expect(try events.watch(folder.path))
        #expect(try !events.watch(folder["gone"]))
        #expect(!events.wait(atMost: .milliseconds(1)))
        try folder.write("{}", to: "shot.receipt.json")
        #expect(events.wait(atMost: .seconds(30)))
        #expect(!events.wait(atMost: .milliseconds(1)))
    }
}
