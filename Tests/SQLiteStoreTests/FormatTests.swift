import Foundation
import GRDB
import Jobs
import SQLiteStore
import TestKit
import Testing

/// What stands in a ledger must be read by every later Hotreel, so a renamed case or field must not slip by.
@Suite("The ledger's format")
struct FormatTests {
    @Test("is the one that was released")
    func isTheOneReleased() async throws {
        let folder = try TemporaryFolder()
        let path = folder["ledger.sqlite"].string
        try await SQLiteJobStore(path: path).insert(Job.samplesOfEveryState())
        let payloads = try await DatabaseQueue(path: path).read { db in
            try String.fetchAll(db, sql: "SELECT state_payload FROM job ORDER BY id")
        }
        let submission = { (n: Int) in
            #"{"clientRequestID":"hotreel-\#(JobID.sample(n))-\#(n)","expected":600000,"started":1800000000000}"#
        }
        let running = { (n: Int) in
            #"{"accepted":1800000000000,"charge":{},"id":"-kling/\#(n):video_1","status":"queued","submission":\#(submission(n))}"#
        }
        let done = { (n: Int) in
            #"{"accepted":1800000000000,"charge":{"credits":630000,"usd":0.315},"completed":1800000000000,"#
                + #""id":"-kling/\#(n):video_1","status":"completed","submission":\#(submission(n))}"#
        }
        let url = "https://cdn.example/video.mp4?signature=a%2Fb&expires=1"
        let problem =
            #"{"file":"shot1.json","key":"duration","remedy":"Write 5 or 10.","rule":"must be 5 or 10","value":"7"}"#
        let failure = { (stage: String) in
            #"{"message":"it could not be done","problems":[\#(problem)],"stage":"\#(stage)"}"#
        }
        let video = { (n: Int) in
            #"{"bytes":4321000,"facts":{"duration":5.04,"height":1080,"width":1920},"name":"shot\#(n) (2)","#
                + #""sha256":"\#(String(repeating: "12", count: 32))"}"#
        }
        #expect(
            payloads == [
                #"{"queued":{}}"#,
                #"{"held":{"_0":{"reason":"budget","until":1800000060000,"words":"today's budget is used up"}}}"#,
                #"{"reusing":{"_0":{"original":"\#(JobID.sample(1003))"}}}"#,
                #"{"submitting":{"_0":\#(submission(4))}}"#,
                #"{"unconfirmed":{"_0":\#(submission(5))}}"#,
                #"{"generating":{"_0":\#(running(6))}}"#,
                #"{"generated":{"_0":\#(done(7)),"_1":{"url":"\#(url)"}}}"#,
                #"{"delivered":{"_0":\#(done(8)),"_1":\#(video(8))}}"#,
                #"{"failed":{"_0":\#(failure("submit")),"_1":{"unpaid":{"_0":\#(submission(9))}}}}"#,
                #"{"cancelled":{}}"#,
                #"{"failed":{"_0":\#(failure("delivery")),"_1":{"paid":{"_0":\#(done(50)),"_1":{"url":"\#(url)"}}}}}"#,
                #"{"failed":{"_0":\#(failure("generation")),"_1":{"paid":{"_0":\#(done(51))}}}}"#,
                #"{"failed":{"_0":\#(failure("intake")),"_1":{"rejected":{}}}}"#,
                #"{"delivered":{"_0":{"downloaded":\#(video(53)),"original":"\#(JobID.sample(1053))"},"_1":\#(video(53))}}"#,
            ])
    }

    @Test("keeps times to the millisecond and names to the byte")
    func keepsTimesAndNames() async throws {
        let folder = try TemporaryFolder()
        let path = folder["ledger.sqlite"].string
        let time = Date(timeIntervalSince1970: 1_799_999_999.123)
        let job = Job.sample(.generating, 1, drop: .sample(1, folder: FileName(bytes: [0x2D, 0x0A, 0xFF])), at: time)
        try await SQLiteJobStore(path: path).insert([job])
        #expect(try await SQLiteJobStore(path: path).job(job.id) == job)
        let stored = try await DatabaseQueue(path: path).read { db in
            try Row.fetchOne(db, sql: "SELECT created, hex(folder) FROM job")
        }
        #expect(stored?[0] == 1_799_999_999_123)
        #expect(stored?[1] == "2D0AFF")
    }
}
