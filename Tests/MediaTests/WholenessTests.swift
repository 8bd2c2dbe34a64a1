import Foundation
import Jobs
import SystemPackage
import Testing

@testable import Media

@Suite("A dropped picture is whole, or its upload may still go on")
struct WholenessTests {
    let workshop: PictureWorkshop

    init() throws { workshop = try PictureWorkshop() }

    private func isUnfinished(_ path: FilePath) throws -> Bool {
        if case .unfinished = try Wholeness.inspect(path) { true } else { false }
    }

    @Test("Whole files of every kind are whole", .timeLimit(.minutes(1)), arguments: PictureKind.allCases)
    func whole(kind: PictureKind) async throws {
        #expect(try Wholeness.inspect(await kind.make(in: workshop)) == .whole(kind.format))
    }

    @Test("A file cut at any length is unfinished", .timeLimit(.minutes(1)), arguments: PictureKind.allCases)
    func cut(kind: PictureKind) async throws {
        let bytes = try workshop.bytes(await kind.make(in: workshop))
        let even = (0..<36).map { $0 * bytes.count / 36 }
        for length in Set(even + [1, 2, 11, 100, bytes.count - 100, bytes.count - 2, bytes.count - 1]) {
            let path = try workshop.write(bytes[..<length], to: "cut")
            #expect(try isUnfinished(path), "\(length) of \(bytes.count) bytes")
        }
    }

    @Test(
        "Full size with zeros from some point on is unfinished", .timeLimit(.minutes(1)),
        arguments: PictureKind.allCases)
    func zeros(kind: PictureKind) async throws {
        let bytes = try workshop.bytes(await kind.make(in: workshop))
        for written in [0, bytes.count / 4, bytes.count / 2, bytes.count * 2 / 3] {
            let rest = [UInt8](repeating: 0, count: bytes.count - written)
            let path = try workshop.write(bytes[..<written] + rest, to: "zeros")
            #expect(try isUnfinished(path), "\(written) of \(bytes.count) bytes written")
        }
    }

    @Test(
        "A reserved part that was never written is seen as a hole", .timeLimit(.minutes(1)),
        arguments: [
            PictureKind.baselineJPEG, .png, .lossyWebP, .plainTIFF, .bmp,
        ])
    func hole(kind: PictureKind) async throws {
        let bytes = try workshop.bytes(await kind.make(in: workshop, size: "1600x1200"))
        // All but a middle part has arrived, the end marker too.
        let gap = (bytes.count / 2 / 4096 * 4096)..<(bytes.count / 2 / 4096 * 4096 + 16384)
        let path = try workshop.write([], to: "hole")
        let handle = try FileHandle(forWritingTo: URL(filePath: path.string))
        try handle.write(contentsOf: bytes[..<gap.lowerBound])
        try handle.seek(toOffset: UInt64(gap.upperBound))
        try handle.write(contentsOf: bytes[gap.upperBound...])
        try handle.close()
        #expect(try isUnfinished(path))
    }

    @Test(
        "Bytes after a JPEG's end are no fault", .timeLimit(.minutes(1)),
        arguments: [[0], [0xFF], [0xFF, 0xD8, 1, 2], Array("tail".utf8)])
    func trailingBytes(tail: [UInt8]) async throws {
        let bytes = try workshop.bytes(await PictureKind.progressiveJPEG.make(in: workshop))
        #expect(try Wholeness.inspect(workshop.write(bytes + tail, to: "tail.jpg")) == .whole(.jpeg))
    }

    @Test("One wrong byte in a PNG is found by its checksum", .timeLimit(.minutes(1)))
    func flippedByte() async throws {
        var bytes = try workshop.bytes(await PictureKind.png.make(in: workshop))
        bytes[bytes.count / 2] ^= 1
        #expect(try isUnfinished(workshop.write(bytes, to: "flipped.png")))
    }

    @Test(
        "What is no picture says what it is instead",
        arguments: [
            ("", "it is empty"), ("just text\n", "not a picture"), ("8BPS\0\u{1}", "Photoshop"), ("<svg/>", "SVG"),
        ])
    func noPicture(text: String, words: String) throws {
        guard case .unfinished(let reason) = try Wholeness.inspect(workshop.write(text.utf8, to: "text.png")) else {
            Issue.record("taken for whole")
            return
        }
        #expect(reason.contains(words))
    }

    @Test("A picture larger than the window is read piece by piece", .timeLimit(.minutes(1)))
    func largeFile() async throws {
        let path = try await workshop.ffmpeg("large.png", size: "2000x1500", noise: 100)
        let bytes = try workshop.bytes(path)
        try #require(bytes.count > 3 << 20)
        #expect(try Wholeness.inspect(path) == .whole(.png))
        #expect(try isUnfinished(workshop.write(bytes.dropLast(), to: "short.png")))
    }

    @Test("A black bar in a BMP is a picture, not a missing part")
    func blackBar() async throws {
        let path = try await workshop.ffmpeg(
            [
                "-f", "lavfi", "-i", "testsrc2=s=400x300", "-vf", "pad=400:360:0:60:black,format=bgr24", "-frames:v",
                "1",
            ],
            to: "bar.bmp")
        #expect(try Wholeness.inspect(path) == .whole(.bmp))
    }

    @Test("A large picture of one colour is whole, however little its data varies", .timeLimit(.minutes(1)))
    func oneColour() async throws {
        for colour in ["black", "white", "0x808080"] {
            let source = try await workshop.ffmpeg(
                ["-f", "lavfi", "-i", "color=\(colour):s=3000x2000,format=rgb24", "-frames:v", "1"], to: "plain.png")
            let others = [
                ("jpegsave", "p.jpg", [:]), ("webpsave", "p.webp", [:]), ("webpsave", "l.webp", ["lossless": "true"]),
                ("tiffsave", "p.tif", ["compression": "lzw"]), ("tiffsave", "d.tif", ["compression": "deflate"]),
                ("heifsave", "p.heic", ["compression": "hevc"]), ("pngsave", "i.png", ["interlace": "true"]),
            ]
            for (operation, name, options) in others {
                let path = workshop.path(name)
                try workshop.vips(operation, [source.string, path.string], options: options)
                let facts = try ImageProbe.facts(of: path)
                #expect(try Wholeness.inspect(path) == .whole(facts.format), "\(colour) \(name)")
            }
        }
    }

    @Test("Links, folders and pipes are refused without waiting", .timeLimit(.minutes(1)))
    func noRegularFile() async throws {
        let picture = try await workshop.ffmpeg("real.png")
        let link = workshop.path("link.png")
        try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: picture.string)
        #expect(throws: Errno.tooManySymbolicLinkLevels) { try Wholeness.inspect(link) }
        #expect(throws: Errno.isDirectory) { try Wholeness.inspect(workshop.folder) }
        let pipe = workshop.path("pipe.png")
        #expect(mkfifo(pipe.string, 0o600) == 0)
        #expect(throws: Errno.notSupported) { try Wholeness.inspect(pipe) }
        #expect(throws: Errno.noSuchFileOrDirectory) { try Wholeness.inspect(workshop.path("none.png")) }
    }

    @Test("A name that is not UTF-8 is as good as any")
    func oddName() async throws {
        let bytes = try workshop.bytes(await PictureKind.lzwTIFF.make(in: workshop))
        let original = try workshop.write(bytes, to: "a.tif")
        let odd = workshop.folder.string.utf8.map { CChar(bitPattern: $0) } + [0x2F, -1, -2, 0]
        try #require(rename(original.string, odd) == 0)
        let path = try #require(FilePath(platformString: odd) as FilePath?)
        #expect(try Wholeness.inspect(path) == .whole(.tiff))
        #expect(try ImageProbe.facts(of: path).width == 400)
    }
}
