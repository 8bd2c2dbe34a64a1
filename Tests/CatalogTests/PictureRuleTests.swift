import Catalog
import Jobs
import Testing

@Suite struct PictureRuleTests {
    private func problems(_ pictures: (PictureRole, Int, Int)...) throws -> [Problem] {
        let settings = try settings([:]).settings
        return settings.model.check(
            settings,
            pictures: pictures.enumerated().map { index, picture in
                PictureFacts(
                    file: "\(index).png", pointer: index == 0 ? nil : [.key("masks"), .index(index)], role: picture.0,
                    facts: ImageFacts(format: .png, width: picture.1, height: picture.2, bytes: 1))
            })
    }

    @Test(arguments: [(300, 300), (750, 300), (300, 750), (2500, 1000), (8000, 3200)])
    func `a picture at the limits is taken`(width: Int, height: Int) throws {
        #expect(try problems((.picture, width, height)) == [])
    }

    @Test func `a side of 299 pixels names limit and size`() throws {
        let problems = try problems((.picture, 299, 400))
        try #require(problems.count == 1)
        #expect(problems[0].file == "0.png")
        #expect(problems[0].key == nil)
        #expect(problems[0].value == "299 × 400 pixels")
        #expect(problems[0].rule.contains("at least 300 pixels"))
    }

    @Test(arguments: [
        (1300, 500, "2.60:1"), (500, 1300, "1:2.60"), (2501, 1000, "2.51:1"), (1000, 2501, "1:2.51"),
    ])
    func `a ratio outside 1:2.5 to 2.5:1 names limit and ratio`(width: Int, height: Int, ratio: String) throws {
        for role in [PictureRole.picture, .tail] {
            let problems = try problems((role, width, height))
            try #require(problems.count == 1)
            #expect(problems[0].value == "\(width) × \(height) pixels, \(ratio)")
            #expect(problems[0].rule.contains("1:2.5 to 2.5:1"))
        }
    }

    @Test func `format and weight are no problem here, since they are fitted`() throws {
        let settings = try settings([:]).settings
        let facts = ImageFacts(
            format: .tiff, width: 4000, height: 3000, bytes: 90_000_000, bitsPerSample: 16, isCMYK: true)
        #expect(
            settings.model.check(settings, pictures: [PictureFacts(file: "a.tif", role: .picture, facts: facts)]) == [])
    }

    @Test func `a mask smaller than the picture is taken when its ratio is the picture's`() throws {
        #expect(try problems((.picture, 1920, 1080), (.mask, 960, 540), (.mask, 960, 540)) == [])
        #expect(try problems((.picture, 1920, 1081), (.mask, 400, 225)) == [], "rounded to whole pixels")
        #expect(try problems((.mask, 100, 50)) == [], "a remote picture's ratio is not known")
    }

    @Test func `a mask of another ratio names both sizes`() throws {
        let problems = try problems((.picture, 1920, 1080), (.mask, 1080, 1080))
        try #require(problems.count == 1)
        #expect(problems[0].key == "masks[1]")
        #expect(problems[0].value == "1080 × 1080 pixels")
        #expect(problems[0].rule.contains("1920 × 1080"))
    }

    @Test func `masks of two sizes are told`() throws {
        let problems = try problems((.picture, 1920, 1080), (.mask, 960, 540), (.mask, 1920, 1080))
        try #require(problems.count == 1)
        #expect(problems[0].file == "2.png")
        #expect(problems[0].rule.contains("same size"))
    }
}
