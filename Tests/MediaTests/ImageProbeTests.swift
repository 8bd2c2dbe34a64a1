import Jobs
import SystemPackage
import Testing

@testable import Media

@Suite("What a picture is, read from its header")
struct ImageProbeTests {
    let workshop: PictureWorkshop

    init() throws { workshop = try PictureWorkshop() }

    @Test("Every kind by its content", .timeLimit(.minutes(1)), arguments: PictureKind.allCases)
    func facts(kind: PictureKind) async throws {
        let path = try await kind.make(in: workshop, size: "410x299")
        let facts = try ImageProbe.facts(of: path)
        let expected = ImageFacts(
            format: kind.format, width: 410, height: 299, bytes: try workshop.bytes(path).count,
            bitsPerSample: kind == .deepPNG ? 16 : 8)
        #expect(facts == expected)
    }

    @Test("EXIF rotation swaps the sides", .timeLimit(.minutes(1)), arguments: 1...8)
    func orientation(_ orientation: Int) async throws {
        let jpeg = try workshop.bytes(await workshop.ffmpeg("upright.jpg", size: "400x300"))
        let png = try workshop.bytes(await workshop.ffmpeg("upright.png", size: "400x300"))
        let turned = [
            try workshop.write(EXIF.insert(into: jpeg, orientation: UInt8(orientation)), to: "turned.jpg"),
            try workshop.write(EXIF.insert(intoPNG: png, orientation: UInt8(orientation)), to: "turned.png"),
        ]
        for path in turned {
            let facts = try ImageProbe.facts(of: path)
            #expect(facts.size == (orientation >= 5 ? "300x400" : "400x300"), "\(path)")
            #expect(try Wholeness.inspect(path) == .whole(facts.format))
        }
    }

    @Test("A wrong suffix does not matter", .timeLimit(.minutes(1)))
    func wrongSuffix() async throws {
        let jpeg = try workshop.bytes(await workshop.ffmpeg("right.jpg"))
        #expect(try ImageProbe.facts(of: workshop.write(jpeg, to: "wrong.png")).format == .jpeg)
    }

    @Test("CMYK is told", .timeLimit(.minutes(1)), arguments: ["cmyk.jpg", "cmyk.tif"])
    func cmyk(name: String) async throws {
        let facts = try ImageProbe.facts(of: await workshop.cmyk(name))
        #expect(facts.isCMYK)
        #expect(facts.bitsPerSample == 8)
    }

    @Test(
        "The depth of a sample is the file's", .timeLimit(.minutes(1)),
        arguments: [
            ("rgb48be", "deep.png", 16), ("rgba64be", "alpha.png", 16), ("gray16be", "grey.png", 16),
            ("monob", "mono.png", 1),
            ("rgb48le", "deep.tif", 16), ("rgba", "plain.png", 8), ("gray", "plain-grey.png", 8),
        ])
    func depth(pixels: String, name: String, bits: Int) async throws {
        let path = try await workshop.ffmpeg(name, options: ["-pix_fmt", pixels])
        #expect(try ImageProbe.facts(of: path).bitsPerSample == bits)
    }

    @Test(
        "A header of 60,000 × 60,000 pixels is refused by its numbers, before any decoding",
        arguments: [
            "png", "bmp", "gif",
        ])
    func tooManyPixels(format: String) throws {
        let bytes: [UInt8] =
            switch format {
            case "png": PNGBytes.picture(width: 60_000, height: 60_000)
            case "bmp":
                Array("BM".utf8) + [
                    0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 0x60, 0xEA, 0, 0, 0x60, 0xEA, 0, 0, 1, 0, 24, 0,
                ]
                    + [UInt8](repeating: 0, count: 24)
            default:
                Array("GIF89a".utf8) + [
                    0x60, 0xEA, 0x60, 0xEA, 0, 0, 0, 0x2C, 0, 0, 0, 0, 0x60, 0xEA, 0x60, 0xEA, 0x80,
                ]
                    + [0, 0, 0, 255, 255, 255] + [2, 2, 0x4C, 1, 0, 0x3B]
            }
        let path = try workshop.write(bytes, to: "huge")
        let problem = #expect(throws: ImageProblem.self) { try ImageProbe.facts(of: path) }
        #expect(problem?.value == "60000 × 60000 pixels")
        #expect(problem?.rule.contains("268435456") == true)
    }

    @Test("The bound itself is allowed, one row more is not")
    func bound() throws {
        let largest = try workshop.write(PNGBytes.picture(width: 16_384, height: 16_384), to: "largest.png")
        #expect(try ImageProbe.facts(of: largest).width == 16_384)
        let larger = try workshop.write(PNGBytes.picture(width: 16_384, height: 16_385), to: "larger.png")
        #expect(throws: ImageProblem.self) { try ImageProbe.facts(of: larger) }
    }

    @Test(
        "A format that is not accepted is named, with the ones that are",
        arguments: [
            ("8BPS", "a Photoshop document"), ("%PDF-1.7", "a PDF document"), ("SDPX", "a DPX file"),
        ])
    func refusedFormat(head: String, name: String) throws {
        let path = try workshop.write((head + String(repeating: "x", count: 100)).utf8, to: "picture.jpg")
        let problem = #expect(throws: ImageProblem.self) { try ImageProbe.facts(of: path) }
        #expect(problem?.value == name)
        #expect(problem?.remedy.contains("JPEG, PNG, TIFF, WebP, BMP, GIF or HEIC") == true)
    }

    @Test("A file that cannot be opened is the system's fault, not the picture's")
    func unreadable() {
        let problem = #expect(throws: ImageProblem.self) { try ImageProbe.facts(of: workshop.path("none.png")) }
        #expect(problem?.systemError == .noSuchFileOrDirectory)
    }
}
