import Jobs
import Testing

@Suite struct GateTests {
    @Test(
        arguments: Gate.allCases + [
            .inbox(of: InboxName(rawValue: "ads")), .outbox(of: InboxName(rawValue: "films.2")),
            .disk(of: InboxName(rawValue: "a-b_c")),
        ])
    func `A gate comes back from the word that scripts know it by`(_ gate: Gate) {
        #expect(Gate(rawValue: gate.rawValue) == gate)
    }

    @Test func `Those of a named inbox bear its name, those of the only one do not`() {
        #expect(Gate.inbox.rawValue == "inbox")
        #expect(Gate.outbox(of: InboxName(rawValue: "ads")).rawValue == "outbox:ads")
        #expect(Gate.outbox(of: InboxName(rawValue: "ads")).lacking == "the outbox of ads")
        #expect(Gate.inbox(of: InboxName(rawValue: "ads")).restored == "the inbox ads is there again")
        #expect(Gate.inbox.lacking == "the inbox")
    }

    @Test(arguments: ["moon", "credit:ads", "inbox:", ""])
    func `No other word is one`(_ word: String) {
        #expect(Gate(rawValue: word) == nil)
    }

    @Test(arguments: ["commercials", "A-1_b.c", String(repeating: "x", count: 64)])
    func `A name of an inbox is of letters, digits, dot, underscore and hyphen`(_ name: String) {
        #expect(InboxName(given: name)?.rawValue == name)
    }

    @Test(arguments: ["", "two words", "ä", "a/b", "a:b", "a\n", String(repeating: "x", count: 65)])
    func `Any other name is none`(_ name: String) {
        #expect(InboxName(given: name) == nil)
    }
}
