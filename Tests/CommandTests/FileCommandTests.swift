import Foundation
import HoneTesting
import Testing

/// Writes a file for the length of a test.
private func withFile<Value>(
    _ name: String, _ text: String, _ body: (String) async throws -> Value
) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hone-commands-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: name)
    try Data(text.utf8).write(to: file)
    return try await body(file.path)
}

@Suite(.temporaryDatabase) struct FileCommandTests {
    @Test func aPipelineThatWaitsForItselfIsRefusedByLine() async throws {
        let cycle = """
            name: circle
            stages:
              - name: first
                kind: noop
                needs: [second]
              - name: second
                kind: noop
                needs: [first]
            """
        try await withFile("circle.yaml", cycle) { path in
            try await HoneProgram.run("pipeline", "validate", path)
                .expectFailure(saying: "circle.yaml:3", "waits for itself")
        }
    }

    @Test func aRunShowsTheCodeThatStartedIt() async throws {
        let url = try TemporaryDatabase.current.url
        let yaml = "name: one\nstages:\n  - {name: only, kind: noop}\n"
        let started = try await withFile("one.yaml", yaml) { path in
            try await HoneProgram.run("pipeline", "run", path, "--detach", database: url)
        }
        #expect(started.status == 0, "\(started.errors)")
        let shown = try await HoneProgram.run("pipeline", "status", "--json", database: url)
        let version = try #require(try shown.rows(StartedRun.self).first?.codeVersion)
        let text = try await HoneProgram.run("pipeline", "status", database: url).output
        #expect(!version.isEmpty && text.contains("started by code \(version)\n"))
    }

    @Test func aFileOfProblemsComesBackAsItWentIn() async throws {
        let url = try TemporaryDatabase.current.url
        let line = #"{"prompt":"2+2=?","answer":"4","steps":["2+2=4"],"split":"test"}"#
        let ingested = try await withFile("sums.jsonl", line + "\n" + line + "\n") { path in
            try await HoneProgram.run("ingest", path, "--dataset", "sums", database: url)
        }
        #expect(ingested.output.contains("1 of 2"))
        let exported = try await HoneProgram.run("dataset", "export", "sums", database: url)
        #expect(exported.lines.count == 1)
        #expect(exported.output.contains(#""answer": "4""#))
    }

    @Test func aBadRowIsNamedByItsLineAndNothingIsIngested() async throws {
        let url = try TemporaryDatabase.current.url
        try await withFile("bad.jsonl", #"{"prompt":"1+1=?","answer":"2"}"# + "\nnonsense\n") { path in
            try await HoneProgram.run("ingest", path, "--dataset", "bad", database: url)
                .expectFailure(saying: "bad.jsonl:2")
        }
        let datasets = try await HoneProgram.run("dataset", "list", "--json", database: url)
        #expect(datasets.status == 0 && datasets.lines.isEmpty)
    }
}

private struct StartedRun: Decodable {
    let codeVersion: String?
}
