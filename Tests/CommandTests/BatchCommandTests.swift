import Foundation
import HoneTesting
import Testing

private struct Receipt: Decodable {
    let batch: Int64
    let jobs: Int
    let faults: Int
}

@Suite(.temporaryDatabase) struct BatchCommandTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "batch-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    /// A file of two requests with a line between them that is none.
    private func requests() throws -> String {
        let lines = ["a", "b"].map {
            #"{"custom_id":"\#($0)","method":"POST","url":"/v1/completions","body":{"model":"tiny","prompt":"2+2="}}"#
        }
        let text = "\(lines[0])\nnonsense\n\(lines[1])\n"
        try Data(text.utf8).write(to: URL(filePath: path("in.jsonl")))
        return path("in.jsonl")
    }

    @Test func aFileIsSubmittedShownCancelledAndWritten() async throws {
        let url = try TemporaryDatabase.current.url
        let submitted = try await HoneProgram.run("batch", "submit", try requests(), "--json", database: url)
        let receipt = try #require(try submitted.rows(Receipt.self).first)
        #expect(receipt.jobs == 2 && receipt.faults == 1)
        let id = "\(receipt.batch)"
        let running = try await HoneProgram.run("batch", "status", id, database: url)
        #expect(running.lines == ["in_progress: 0 of 3 answered, 1 failed, 2 to come"])
        let cancelled = try await HoneProgram.run("batch", "cancel", id, database: url)
        #expect(cancelled.lines == ["2 requests cancelled"])
        let written = try await HoneProgram.run(
            "batch", "results", id, "--out", path("out.jsonl"), "--errors", path("err.jsonl"), database: url)
        #expect(written.lines == ["0 answers, 3 errors"])
        #expect(try String(contentsOfFile: path("out.jsonl"), encoding: .utf8).isEmpty)
        #expect(try String(contentsOfFile: path("err.jsonl"), encoding: .utf8).split(separator: "\n").count == 3)
        let listed = try await HoneProgram.run("batch", "list", database: url)
        #expect(listed.lines.count == 2 && listed.output.contains("cancelled"))
    }

    @Test func aSecondSubmitOfAFileSaysSoAndEnqueuesNothing() async throws {
        let url = try TemporaryDatabase.current.url
        let first = try await HoneProgram.run("batch", "submit", try requests(), database: url)
        let second = try await HoneProgram.run("batch", "submit", path("in.jsonl"), database: url)
        #expect(first.status == 0 && second.lines == first.lines)
        #expect(first.errors.contains("1 lines are no requests"))
        #expect(second.errors.contains("--again"))
        #expect(try await HoneProgram.run("jobs", "list", database: url).lines.count == 3)
    }

    @Test func whatIsNotThereIsNamed() async throws {
        let url = try TemporaryDatabase.current.url
        try await HoneProgram.run("batch", "submit", path("none.jsonl"), database: url)
            .expectFailure(saying: "none.jsonl")
        try await HoneProgram.run("batch", "status", "99", database: url).expectFailure(saying: "99")
        try await HoneProgram.run(
            "batch", "results", "99", "--out", path("a"), "--errors", path("b"), database: url
        ).expectFailure(saying: "99")
        #expect(!FileManager.default.fileExists(atPath: path("a")))
        let none = try await HoneProgram.run("batch", "list", database: url)
        #expect(none.status == 0 && none.output.contains("no batches yet"))
    }
}
