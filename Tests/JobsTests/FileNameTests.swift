import Foundation
import Jobs
import Testing

@Suite("A file name")
struct FileNameTests {
    @Test(
        "comes back byte for byte",
        arguments: [
            Array("shot 010.png".utf8), [0x63, 0x61, 0x66, 0xE9], [0xFF, 0xFE], Array("cafe\u{301}.png".utf8),
            Array("caf\u{E9}.png".utf8), Array("a\nb\"\\.png".utf8), Array("🌅".utf8), [],
        ] as [[UInt8]])
    func roundTrip(bytes: [UInt8]) throws {
        let name = FileName(bytes: bytes)
        let data = try JSONEncoder().encode([name])
        #expect(try JSONDecoder().decode([FileName].self, from: data) == [name])
        #expect(name.isEmpty == bytes.isEmpty)
    }

    @Test("in NFD is another one than in NFC, as it is on the disk")
    func normalization() {
        #expect(FileName("cafe\u{301}") != FileName("caf\u{E9}"))
    }

    @Test("that is not UTF-8 is shown as Latin-1")
    func latin1() {
        #expect(FileName(bytes: [0x63, 0x61, 0x66, 0xE9]).text == "café")
    }

    @Test("shows its control characters and obeys none")
    func controlCharacters() {
        #expect(FileName("a\nb").shown == "a\\nb")
        #expect(FileName("a\u{1B}[31mb\u{7F}").shown == "a\\u{1b}[31mb\\u{7f}")
        #expect("\(FileName("tab\there"))" == "tab\\u{9}here")
        #expect(FileName("Ünïcode 🌅").shown == "Ünïcode 🌅")
    }
}
