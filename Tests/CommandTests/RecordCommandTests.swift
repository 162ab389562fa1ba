import Foundation
import HonePostgres
import HoneTesting
import Subprocess
import Testing

/// The record of a training, from the outside.
@Suite(.temporaryDatabase) struct RecordCommandTests {
    private let database: TemporaryDatabase
    private let job: Int64
    private let folder: URL

    /// A job with 200 steps, the last of which has a loss that is no number and another set of names.
    init() async throws {
        database = try TemporaryDatabase.current
        folder = FileManager.default.temporaryDirectory.appending(path: "hone-record-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        job = try await database.pool.query("SELECT hone.enqueue('train.sft', '{}') AS id")[0].decode("id")
        try await database.pool.execute(
            """
            INSERT INTO hone.step_metrics (job_id, fence, at, step, set_id, numbers)
            SELECT \(job), 1, timestamptz '2026-01-01 00:00:00.5Z' + s * interval '1 second', s,
                hone.metric_set('{grad_norm,loss}'), ARRAY[s, 8.0 / s] FROM generate_series(1, 199) s
            UNION ALL SELECT \(job), 1, timestamptz '2026-01-01 00:10Z', 200, hone.metric_set('{kl,loss}'), '{0.5,NaN}'
            """)
    }

    private func hone(_ words: String...) async throws -> HoneProgram.Outcome {
        try await HoneProgram.run(words: words, database: database.url)
    }

    private func removeFolder() {
        #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) }
    }

    private struct Summary: Decodable {
        let name: String
        let steps: Int
        let first: Double?
        let last: Double?
        let least: Double?
    }

    @Test func metricsAreSummedUpByName() async throws {
        defer { removeFolder() }
        let rows = try await hone("jobs", "metrics", "\(job)", "--json").rows(Summary.self)
        #expect(rows.map(\.name) == ["grad_norm", "kl", "loss"])
        #expect(rows.map(\.steps) == [199, 1, 200])
        #expect(rows[2].first == 8 && rows[2].last == nil && rows[2].least == 8.0 / 199)
        let table = try await hone("jobs", "metrics", "\(job)", "--name", "loss")
        #expect(table.lines.count == 2)
        #expect(table.lines[1].split(separator: " ") == ["loss", "200", "8.0", "nan", "0.0402", "8.0"])
    }

    @Test func everyStepIsALineOfTheExport() async throws {
        defer { removeFolder() }
        let export = try await hone("jobs", "metrics", "\(job)", "--jsonl")
        #expect(export.lines.count == 200)
        #expect(export.lines[1] == #"{"at":"2026-01-01T00:00:02.500Z","grad_norm":2,"loss":4,"step":2}"#)
        #expect(export.lines[199].contains(#""kl":0.5,"loss":null,"step":200"#))
        #expect(try await hone("jobs", "metrics", "\(job)", "--jsonl", "--name", "kl").lines.count == 1)
    }

    @Test func theEventFileIsWrittenAnewByEveryExport() async throws {
        defer { removeFolder() }
        for _ in 1...2 {
            let export = try await hone("jobs", "metrics", "\(job)", "--tensorboard", folder.path)
            #expect(export.status == 0, "\(export.errors)")
        }
        let directory = folder.appending(path: "job-\(job)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["events.out.tfevents.hone"])
        let bytes = try Data(contentsOf: directory.appending(path: "events.out.tfevents.hone"))
        var (recordCount, offset) = (0, 0)
        while offset < bytes.count {
            offset += 16 + (0..<8).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
            recordCount += 1
        }
        #expect(recordCount == 201 && offset == bytes.count)
    }

    @Test func jobsAreDrawnIntoOnePicture() async throws {
        defer { removeFolder() }
        let out = folder.appending(path: "a.svg").path
        let plot = try await hone("jobs", "plot", "\(job)", "\(job)", "--out", out, "--name", "loss", "--name", "kl")
        #expect(plot.status == 0 && plot.output == "wrote \(out)\n", "\(plot.errors)")
        let svg = try String(contentsOfFile: out, encoding: .utf8)
        #expect(svg.contains(">loss</text>") && svg.contains(">kl</text>") && svg.contains(">job \(job)</text>"))
        #expect(!svg.contains(">grad_norm</text>"))
    }

    @Test func aPNGIsAPNGOrSaysWhatItTakes() async throws {
        defer { removeFolder() }
        let out = folder.appending(path: "a.png").path
        let plot = try await hone("jobs", "plot", "\(job)", "--out", out)
        if plot.status == 0 {
            #expect(try Data(contentsOf: URL(filePath: out)).prefix(4) == Data([0x89]) + Data("PNG".utf8))
        } else {
            plot.expectFailure(saying: "rsvg-convert", "librsvg2-bin", ".svg")
        }
    }

    @Test func whatIsNotOnRecordIsNamed() async throws {
        defer { removeFolder() }
        try await hone("jobs", "metrics", "\(job)", "--name", "lss").expectFailure(
            saying: "no 'lss'", "grad_norm, kl, loss")
        try await hone("jobs", "plot", "999", "--out", "x.svg").expectFailure(saying: "no job 999")
        let other: Int64 = try await database.pool.query("SELECT hone.enqueue('noop', '{}') AS id")[0].decode("id")
        try await hone("jobs", "metrics", "\(other)").expectFailure(saying: "job \(other) has recorded no metrics")
        try await hone("jobs", "plot", "\(job)", "--out", "/nonexistent/x.svg").expectFailure(
            saying: "/nonexistent/x.svg")
    }
}

/// Following a run while its stages end by hand.
@Suite(.temporaryDatabase) struct FollowTests {
    private let database: TemporaryDatabase

    init() async throws {
        database = try TemporaryDatabase.current
        let definition = PostgresJSON(
            text: """
                {"name": "two", "params": {}, "stages": [
                    {"name": "first", "kind": "noop", "needs": [], "with": {}},
                    {"name": "second", "kind": "noop", "needs": ["first"], "with": {}}]}
                """)
        try await database.pool.query("SELECT hone.define_pipeline(\(definition))")
        try await database.pool.query("SELECT hone.run_pipeline('two')")
    }

    /// Claims the next job, reports on it, and ends it as a worker would.
    private func end(_ call: PostgresQuery) async throws {
        try await database.pool.withTransaction { transaction in
            try await transaction.execute(
                """
                CREATE TEMP TABLE held ON COMMIT DROP AS SELECT c.job_id, c.fence FROM
                    hone.register_worker('test', 'here', 1, 'dev', '{}') AS w,
                    hone.claim(w, NULL, '{noop}', '{1}', interval '1 minute') AS c
                """)
            try await transaction.query(
                """
                SELECT hone.report_progress(job_id, fence, '{"step": 3, "steps": 4, "loss": 0.25}') FROM held
                """)
            try await transaction.query(call)
        }
    }

    @Test func aFollowerSeesEveryStageEndAndSucceedsWithTheRun() async throws {
        async let followed = HoneProgram.run("pipeline", "status", "--follow", database: database.url)
        for _ in 1...2 {
            try await end("SELECT hone.complete(array_agg(job_id), array_agg(fence), ARRAY['{}'::jsonb]) FROM held")
        }
        let outcome = try await followed
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines.first == "run 1 of two: succeeded")
        #expect(!outcome.errors.contains("\u{1B}"), "no terminal, so no cursor is moved")
    }

    @Test func aStageThatFailsEndsTheFollowingWithStatus1() async throws {
        async let followed = HoneProgram.run("pipeline", "status", "1", "--follow", "--json", database: database.url)
        try await end("SELECT hone.fail(job_id, fence, 'no luck', true) FROM held")
        let outcome = try await followed
        #expect(outcome.status == 1)
        struct Status: Decodable {
            let state: String
        }
        #expect(try outcome.rows(Status.self).last?.state == "failed")
        let again = try await HoneProgram.run("pipeline", "status", "--follow", database: database.url)
        #expect(again.status == 1 && again.output.contains("no luck"))
        #expect(try await HoneProgram.run("pipeline", "status", database: database.url).status == 0)
    }

    @Test func anInterruptEndsTheFollowingAndNotTheRun() async throws {
        let status = try await HoneProgram.interrupt(
            "pipeline", "status", "--follow", onceItSays: "first", database: database.url)
        #expect(status == .signaled(SIGINT))
        let states = try await database.pool.query("SELECT state FROM hone.job_status ORDER BY id")
        #expect(try states.map { try $0.decode(String.self) } == ["available", "waiting"])
    }
}
