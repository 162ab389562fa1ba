import Foundation
import HoneTesting
import Testing

private struct Job: Decodable {
    let id: Int64
    let kind: String
    let state: String
    let priority: Int
    let payload: [String: Int]?
}

@Suite(.temporaryDatabase) struct JobCommandTests {
    @Test func aJobThatWasEnqueuedCanBeShown() async throws {
        let url = try TemporaryDatabase.current.url
        let enqueued = try await HoneProgram.run(
            "enqueue", "noop", "--payload", #"{"sleep_ms": 7}"#, "--priority", "3", "--json", database: url)
        let id = try #require(try enqueued.rows(EnqueuedJob.self).first?.id)
        let shown = try await HoneProgram.run("jobs", "show", "\(id)", "--json", database: url)
        let job = try #require(try shown.rows(Job.self).first)
        #expect(job.kind == "noop" && job.state == "available" && job.priority == 3)
        #expect(job.payload?["sleep_ms"] == 7)
        let text = try await HoneProgram.run("jobs", "show", "\(id)", database: url).output
        #expect(text.contains("a worker that takes noop jobs; none is running"))
    }

    @Test func aFileIsEnqueuedWholeOrNotAtAll() async throws {
        let url = try TemporaryDatabase.current.url
        let good = try await HoneProgram.run("enqueue", "noop", "--file", "-", database: url, input: "{}\n\n{}\n")
        #expect(good.status == 0 && good.lines.count == 2)
        let bad = try await HoneProgram.run("enqueue", "noop", "--file", "-", database: url, input: "{}\n{]\n")
        bad.expectFailure(saying: "-:2")
        let jobs = try await HoneProgram.run("jobs", "list", "--json", database: url)
        #expect(try jobs.rows(Job.self).count == 2)
    }

    @Test(arguments: ["", "[1]", "{", "null", #"{"a":1} trailing"#])
    func aPayloadThatIsNoJSONObjectIsRefused(_ payload: String) async throws {
        let url = try TemporaryDatabase.current.url
        try await HoneProgram.run("enqueue", "noop", "--payload", payload, database: url)
            .expectFailure(saying: "--payload", "JSON object")
    }

    @Test func anUnknownKindIsRefusedWithTheKnownOnes() async throws {
        let url = try TemporaryDatabase.current.url
        try await HoneProgram.run("enqueue", "nonsense", database: url)
            .expectFailure(saying: "unknown kind of job: 'nonsense'", "train.sft")
    }

    @Test func aUniqueKeyGivesTheFirstJobAgain() async throws {
        let url = try TemporaryDatabase.current.url
        let words = ["enqueue", "noop", "--unique-key", "nightly"]
        let first = try await HoneProgram.run(words: words, database: url)
        let second = try await HoneProgram.run(words: words, database: url)
        #expect(first.status == 0 && first.lines == second.lines)
    }

    @Test func aCancelledJobCanBeRetried() async throws {
        let url = try TemporaryDatabase.current.url
        let id = try #require(try await HoneProgram.run("enqueue", "noop", database: url).lines.first)
        #expect(try await HoneProgram.run("jobs", "cancel", id, database: url).status == 0)
        let waited = try await HoneProgram.run("jobs", "wait", id, database: url)
        #expect(waited.status == 1 && waited.output.contains("1 cancelled"))
        #expect(try await HoneProgram.run("jobs", "retry", id, database: url).status == 0)
        let listed = try await HoneProgram.run("jobs", "list", "--state", "available", "--json", database: url)
        #expect(try listed.rows(Job.self).map { "\($0.id)" } == [id])
    }

    @Test func waitingGivesUpWhenTheTimeIsUp() async throws {
        let url = try TemporaryDatabase.current.url
        let id = try #require(try await HoneProgram.run("enqueue", "noop", database: url).lines.first)
        let waited = try await HoneProgram.run("jobs", "wait", id, "--timeout", "0", "--json", database: url)
        waited.expectFailure(saying: "unfinished")
    }

    @Test func aJobThatDoesNotExistIsNamed() async throws {
        let url = try TemporaryDatabase.current.url
        try await HoneProgram.run("jobs", "show", "999", database: url).expectFailure(saying: "no job 999")
        try await HoneProgram.run("jobs", "logs", "999", database: url).expectFailure(saying: "no job 999")
    }

    @Test func anUnknownPipelineIsNamed() async throws {
        let url = try TemporaryDatabase.current.url
        try await HoneProgram.run("pipeline", "run", "no-such-pipeline", database: url)
            .expectFailure(saying: "unknown pipeline: 'no-such-pipeline'")
    }
}

private struct EnqueuedJob: Decodable {
    let id: Int64
}
