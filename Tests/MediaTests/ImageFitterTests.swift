import Foundation
import Jobs
import SystemPackage
import Testing

@testable import Media

@Suite("A picture fitted into the limits")
struct ImageFitterTests {
    let workshop: PictureWorkshop
    let limits = ImageLimits(
        formats: [.jpeg, .png], maxBytes: 10_000_000, minSide: 300, minAspectRatio: 0.4, maxAspectRatio: 2.5)

    init() throws { workshop = try PictureWorkshop() }

    private func fit(_ source: FilePath, maxBytes: Int? = nil) async throws -> (FittedImage, FilePath) {
        let destination = workshop.path("fitted-\(UUID().uuidString)")
        let limits = ImageLimits(
            formats: limits.formats, maxBytes: maxBytes ?? limits.maxBytes, minSide: limits.minSide,
            minAspectRatio: limits.minAspectRatio, maxAspectRatio: limits.maxAspectRatio)
        let fitted = try await ImageFitter.fit(source, into: destination, limits: limits)
        #expect(limits.acceptsAsIs(fitted.facts), "\(fitted.facts)")
        #expect(try ImageProbe.facts(of: destination) == fitted.facts)
        #expect(try Wholeness.inspect(destination) == .whole(fitted.facts.format))
        return (fitted, destination)
    }

    @Test(
        "Every other kind becomes 8-bit with all its pixels", .timeLimit(.minutes(1)), arguments: PictureKind.allCases)
    func everyKind(kind: PictureKind) async throws {
        let (fitted, _) = try await fit(kind.make(in: workshop))
        #expect(fitted.facts.size == "400x300")
    }

    @Test("The note tells what was done", .timeLimit(.minutes(1)))
    func note() async throws {
        let scan = try await workshop.ffmpeg("scan.tif", size: "600x400", options: ["-pix_fmt", "rgb48le"])
        #expect(try await fit(scan).0.note == "scan.tif: TIFF 16-bit 600 × 400 → JPEG 8-bit 600 × 400, quality 95")
        let print = try await workshop.cmyk("print.tif")
        #expect(
            try await fit(print).0.note == "print.tif: TIFF 8-bit CMYK 400 × 300 → JPEG 8-bit 400 × 300, quality 95")
        let drawing = try await workshop.ffmpeg("drawing.bmp", size: "600x400", noise: 0)
        #expect(try await fit(drawing).0.note == "drawing.bmp: BMP 8-bit 600 × 400 → PNG 8-bit 600 × 400")
    }

    @Test(
        "A noise picture over 10 MB comes under the limit, wide enough, in its shape", .timeLimit(.minutes(1)),
        arguments: [
            ("3000x2000", "png"), ("2000x3000", "png"), ("5000x2000", "tif"),
        ])
    func noise(size: String, suffix: String) async throws {
        let source = try await workshop.ffmpeg("noise.\(suffix)", size: size, noise: 100)
        let before = try ImageProbe.facts(of: source)
        try #require(before.bytes > 10_000_000)
        let (fitted, _) = try await fit(source)
        #expect((1_920...before.width).contains(fitted.facts.width))
        #expect(abs(fitted.facts.aspectRatio / before.aspectRatio - 1) < 0.002)
        #expect((0.4...2.5).contains(fitted.facts.aspectRatio))
    }

    @Test("A tight limit narrows to 1,920 pixels and no further, then lowers the quality", .timeLimit(.minutes(1)))
    func tightLimit() async throws {
        let source = try await workshop.ffmpeg("noise.png", size: "2500x1500", noise: 60)
        let (fitted, _) = try await fit(source, maxBytes: 700_000)
        #expect(fitted.facts.size == "1920x1152")
        let small = try await workshop.ffmpeg("small.png", size: "800x600", noise: 60)
        #expect(try await fit(small, maxBytes: 250_000).0.facts.width == 800)
        let problem = await #expect(throws: ImageProblem.self) { try await fit(small, maxBytes: 5_000) }
        #expect(problem?.rule.contains("5000 bytes") == true)
    }

    @Test(
        "EXIF rotation is applied to the pixels", .timeLimit(.minutes(1)),
        arguments: [(3, 10, 290), (6, 290, 10), (8, 10, 390)])
    func rotation(orientation: Int, x: Int, y: Int) async throws {
        // The upper left corner of the stored picture is red.
        let stored = try await workshop.ffmpeg(
            ["-f", "lavfi", "-i", "color=blue:s=400x300,drawbox=0:0:40:40:red:fill", "-frames:v", "1", "-q:v", "2"],
            to: "stored.jpg")
        let jpeg = EXIF.insert(into: try workshop.bytes(stored), orientation: UInt8(orientation))
        let (fitted, path) = try await fit(workshop.write(jpeg, to: "turned.jpg"))
        let corner = (orientation == 3 ? 390 : x, y)
        #expect(fitted.facts.size == (orientation == 3 ? "400x300" : "300x400"))
        let pixel = try await workshop.pixel(path, x: corner.0, y: corner.1)
        #expect(pixel[0] > 200 && pixel[2] < 60, "\(pixel)")
        #expect(fitted.note.hasSuffix("turned upright"))
    }

    @Test("An embedded profile is converted to sRGB", .timeLimit(.minutes(1)))
    func profile() async throws {
        let (_, path) = try await fit(workshop.redGreenSwapped("profiled.png", colour: "0xE00000"))
        let pixel = try await workshop.pixel(path, x: 200, y: 150)
        #expect(pixel[1] > 200 && pixel[0] < 60, "\(pixel)")
        #expect(try !workshop.bytes(path).contains("iCCP".utf8))
    }

    @Test("Colours stay what they were", .timeLimit(.minutes(1)), arguments: ["cmyk", "deep", "bmp", "grey"])
    func colours(kind: String) async throws {
        let colour = kind == "grey" ? "0x808080" : "0xB08040"
        let input = ["-f", "lavfi", "-i", "color=\(colour):s=400x300,format=rgb24", "-frames:v", "1"]
        let rgb = try await workshop.ffmpeg(input, to: "rgb.png")
        let source: FilePath
        switch kind {
        case "cmyk":
            try workshop.vips("icc_transform", [rgb.string, workshop.path("c.jpg").string, "cmyk"])
            source = workshop.path("c.jpg")
        case "deep": source = try await workshop.ffmpeg(["-i", rgb.string, "-pix_fmt", "rgb48be"], to: "deep.png")
        case "bmp": source = try await workshop.ffmpeg(["-i", rgb.string], to: "c.bmp")
        default: source = try await workshop.ffmpeg(["-i", rgb.string, "-pix_fmt", "gray16be"], to: "grey.png")
        }
        let pixel = try await workshop.pixel(fit(source).1, x: 200, y: 150).map(Int.init)
        let expected = kind == "grey" ? [128, 128, 128] : [0xB0, 0x80, 0x40]
        let tolerance = kind == "cmyk" ? 16 : 2
        for (got, wanted) in zip(pixel, expected) { #expect(abs(got - wanted) <= tolerance, "\(pixel)") }
    }

    @Test("Transparency is kept as PNG, or laid on white where that is too large", .timeLimit(.minutes(1)))
    func transparency() async throws {
        let sources =
            "color=red:s=2400x1600,noise=alls=100:all_seed=3,format=rgba64be,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='if(lt(X,1200),0,65535)'"
        let source = try await workshop.ffmpeg(["-f", "lavfi", "-i", sources, "-frames:v", "1"], to: "alpha.png")
        let (kept, png) = try await fit(source, maxBytes: 30_000_000)
        #expect(kept.facts.format == .png)
        #expect(try await workshop.pixel(png, x: 100, y: 100)[3] == 0)
        let (flat, jpeg) = try await fit(source, maxBytes: 2_500_000)
        #expect(flat.facts.format == .jpeg)
        #expect(flat.note.hasSuffix("transparency laid on white"))
        #expect(try await workshop.pixel(jpeg, x: 100, y: 100).prefix(3).allSatisfy { $0 > 250 })
    }

    @Test("An alpha channel that says nothing does not keep a photograph from being a JPEG", .timeLimit(.minutes(1)))
    func opaqueAlpha() async throws {
        let source = try await workshop.ffmpeg("render.tif", options: ["-pix_fmt", "rgba"])
        let (fitted, _) = try await fit(source)
        #expect(fitted.facts.format == .jpeg)
        #expect(!fitted.note.contains("transparency"))
    }

    @Test("Of several pages the first is taken, and the note says so", .timeLimit(.minutes(1)))
    func pages() async throws {
        let source = try await workshop.ffmpeg(
            ["-f", "lavfi", "-i", "testsrc2=s=400x300:d=0.2", "-pix_fmt", "rgb8"], to: "moving.gif")
        let (fitted, _) = try await fit(source)
        #expect(fitted.facts.size == "400x300")
        #expect(fitted.note.contains("first of 5 pages"))
    }

    @Test("A damaged picture and an existing destination are told, and nothing is left behind", .timeLimit(.minutes(1)))
    func failures() async throws {
        let whole = try workshop.bytes(await PictureKind.progressiveJPEG.make(in: workshop))
        let cut = try workshop.write(whole.prefix(whole.count / 2), to: "cut.jpg")
        let destination = workshop.path("out")
        await #expect(throws: ImageProblem.self) { try await ImageFitter.fit(cut, into: destination, limits: limits) }
        #expect(!FileManager.default.fileExists(atPath: destination.string))
        let deep = try await workshop.ffmpeg("deep.png", options: ["-pix_fmt", "rgb48be"])
        try workshop.write([1], to: "out")
        let problem = await #expect(throws: ImageProblem.self) {
            try await ImageFitter.fit(deep, into: destination, limits: limits)
        }
        #expect(problem?.systemError == .fileExists)
        #expect(try workshop.bytes(destination) == [1])
    }
}
