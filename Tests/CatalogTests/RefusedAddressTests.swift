import Jobs
import Testing

@Suite struct RefusedAddressTests {
    @Test(arguments: [
        ("../end.png", ".. is not allowed"), ("masks/../../end.png", ".. is not allowed"), ("..\\end.png", ".. is not"),
        ("/srv/end.png", "absolute path"), ("\\\\server\\share\\end.png", "absolute path"),
        ("C:\\shots\\end.png", "absolute path"), ("~/end.png", "absolute path"),
        ("file:///srv/end.png", "not by file:"), ("ftp://host/end.png", "not by ftp:"),
        ("s3://bucket/end.png", "not by s3:"),
        (".hidden.png", "hidden"), ("masks/.end.png", "hidden"), (".hotreel/end.png", "hidden"),
        ("", "names no file"), ("  ", "names no file"), (".", "names no file"), ("masks/", "names no file"),
        ("end\u{0}.png", "control characters"), ("end\n.png", "control characters"),
        ("https://", "no complete URL"), ("http://host/two words.png", "no complete URL"),
        ("https:end.png", "no complete URL"),
        ("data:image/png,abc", "no complete URL"), ("data:image/png;base64,", "no complete URL"),
    ])
    func `an address that is neither a URL nor a file beside the sidecar is refused`(address: String, words: String)
        throws
    {
        for key in ["image_url", "tail_image_url", "static_mask"] {
            try Refused([key: .string(address)], key, JSONValue.string(address).text, words).verify()
        }
    }

    @Test func `a path component longer than a file name can be is refused`() throws {
        let problems = try settings(["tail_image_url": .string(String(repeating: "é", count: 128))]).problems
        #expect(problems.count == 1)
        #expect(problems.first?.rule.contains("255 bytes") == true)
    }

    @Test func `a mask inside a list is told by its place`() throws {
        let points: JSONValue = [["x": 1, "y": 2], ["x": 3, "y": 4]]
        let list: JSONValue = [["mask": "a.png", "trajectories": points], ["mask": "/b.png", "trajectories": points]]
        try Refused(["dynamic_masks": list], "dynamic_masks[1].mask", "\"/b.png\"", "absolute path").verify()
    }

    @Test(arguments: [
        ("", "empty"), ("a/b", "no / or"), ("..\\b", "no / or"), ("a\nb", "control"), (".hidden", "dot"),
        (".mp4", "empty"),
        (String(repeating: "é", count: 101), "at most 200 bytes; this has 202"),
    ])
    func `an output name that cannot be a file's is refused`(name: String, words: String) throws {
        try Refused(["hotreel": ["name": .string(name)]], "hotreel.name", JSONValue.string(name).shown, words).verify()
    }
}

extension JSONValue {
    /// As a report shows it.
    fileprivate var shown: String { text.count > 80 ? text.prefix(80) + "…" : text }
}
