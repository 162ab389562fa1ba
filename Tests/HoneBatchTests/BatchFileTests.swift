import Foundation
import HoneBatch
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

@Suite(.temporaryDatabase) struct BatchFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "batch-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func line(_ id: String, prompt: String = "2+2=") -> String {
        "{\"custom_id\":\"\(id)\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":{\"prompt\":\"\(prompt)\"}}"
    }

    private func write(_ lines: [String]) throws -> String {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path("in.jsonl")))
        return path("in.jsonl")
    }

    private func submit(_ path: String, again: Bool = false) async throws -> BatchSubmission.Receipt {
        let database = try TemporaryDatabase.current
        return try await database.pool.withConnection { connection in
            try await BatchSubmission(path: path, model: "tiny", isAgain: again).run(on: connection)
        }
    }

    private func results(_ batch: Int64) async throws -> (out: [Output], errors: [Output]) {
        let database = try TemporaryDatabase.current
        _ = try await database.pool.withConnection { connection in
            try await BatchResults(of: batch, out: path("out.jsonl"), errors: path("err.jsonl")).write(from: connection)
        }
        func read(_ name: String) throws -> [Output] {
            try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n").map {
                try JSONDecoder().decode(Output.self, from: Data($0.utf8))
            }
        }
        return (try read("out.jsonl"), try read("err.jsonl"))
    }

    private struct Output: Decodable {
        let custom_id: String?
        let response: Response?
        let error: Fault?

        struct Response: Decodable {
            let status_code: Int
        }

        struct Fault: Decodable {
            let line: Int
            let message: String
        }
    }

    @Test func goodLinesBecomeJobsAndBadOnesSayTheirNumber() async throws {
        let pool = try TemporaryDatabase.current.pool
        let receipt = try await submit(
            write([line("a"), "nonsense", "", line("b"), line("a", prompt: "another"), line("c")]))
        #expect(receipt.jobs == 3 && receipt.faults == 2 && receipt.isNew)
        let jobs = try await pool.query("SELECT payload ->> 'model' AS model FROM hone.jobs WHERE kind = 'reason'")
        #expect(try jobs.map { try $0.decode("model", as: String.self) } == ["tiny", "tiny", "tiny"])
        let (out, errors) = try await results(receipt.batch)
        #expect(out.isEmpty)
        #expect(errors.map(\.error?.line) == [2, 5])
        #expect(errors[1].custom_id == "a")
        #expect(errors[1].error?.message == "custom_id was used before, in line 1")
        #expect(try await pool.query("SELECT FROM hone.audit()").isEmpty)
    }

    @Test func anAnsweredLineIsInTheOutputOnce() async throws {
        let database = try TemporaryDatabase.current
        let receipt = try await submit(write((0..<300).map { line("id-\($0)") }))
        try await BatchWorker.run(database, failing: 7)
        let (out, errors) = try await results(receipt.batch)
        #expect(Set(out.compactMap(\.custom_id)) == Set((0..<300).filter { $0 != 7 }.map { "id-\($0)" }))
        #expect(out.count == 299 && out.allSatisfy { $0.response?.status_code == 200 })
        #expect(errors.map(\.custom_id) == ["id-7"] && errors[0].error?.line == 8)
        let status = try #require(try await BatchResults.status(of: receipt.batch, in: database.pool).first)
        #expect(status.status == "completed" && status.completed == 299 && status.failed == 1)
    }

    @Test func theSameFileIsSubmittedOnce() async throws {
        let file = try write([line("a"), line("b")])
        let first = try await submit(file)
        let second = try await submit(file)
        #expect(second.batch == first.batch && !second.isNew && second.jobs == 2)
        let third = try await submit(file, again: true)
        #expect(third.batch != first.batch && third.isNew)
        let jobs = try await TemporaryDatabase.current.pool.query("SELECT FROM hone.jobs")
        #expect(jobs.count == 4)
    }

    @Test func aSubmitThatIsKilledLeavesNothingAndGoesOnWhereItWas() async throws {
        let database = try TemporaryDatabase.current
        let file = try write((0..<30_000).map { line("id-\($0)") })
        let connection = try await PostgresConnection.connect(to: database.configuration)
        let reading = Task {
            try await BatchSubmission(path: file, model: "tiny").run(on: connection) { line in
                // As a kill would end it: the session goes in the middle of the file.
                if line >= 5_000 { Task { await connection.close() } }
            }
        }
        await #expect(throws: (any Error).self) { try await reading.value }
        let staged = try await database.pool.query("SELECT count(*) AS n FROM hone.batch_staging")
        let count: Int64 = try staged[0].decode("n")
        #expect(count >= 5_000 && count < 30_000)
        #expect(try await database.pool.query("SELECT FROM hone.jobs").isEmpty, "half of a file can be claimed")
        let status = try await BatchResults.status(in: database.pool)
        #expect(status.map(\.status) == ["validating"])
        // Its session may take a moment to go.
        var receipt: BatchSubmission.Receipt?
        try await eventually("the file can be read on") {
            do {
                receipt = try await submit(file)
                return true
            } catch let error as PostgresError where "\(error)".contains("another process") {
                return false
            }
        }
        #expect(receipt?.jobs == 30_000 && receipt?.faults == 0 && receipt?.batch == status[0].id)
        #expect(try await database.pool.query("SELECT FROM hone.batch_staging").isEmpty)
        #expect(try await database.pool.query("SELECT FROM hone.audit()").isEmpty)
    }

    @Test func twoWhoReadTheSameFileDoNotDisturbEachOther() async throws {
        let database = try TemporaryDatabase.current
        let file = try write([line("a")])
        try await database.pool.withConnection { connection in
            let digest = try await connection.query(
                "SELECT sha256(pg_read_binary_file(\(file))) AS d")
            _ = try await connection.query(
                "SELECT hone.open_batch('in.jsonl', \(digest[0].decode("d", as: Data.self)), 'tiny')")
            let error = await #expect(throws: PostgresError.self) { try await submit(file) }
            #expect("\(try #require(error))".contains("another process is reading this file"))
            _ = try await connection.query("SELECT pg_advisory_unlock_all()")
        }
    }

    @Test func whatWasCancelledIsAnErrorAndWhatWasAnsweredStays() async throws {
        let database = try TemporaryDatabase.current
        let receipt = try await submit(write([line("a"), line("b")]))
        let cancelled = try await database.pool.query("SELECT hone.cancel_batch(\(receipt.batch)) AS n")
        #expect(try cancelled[0].decode("n", as: Int64.self) == 2)
        let (out, errors) = try await results(receipt.batch)
        #expect(out.isEmpty && errors.count == 2)
        #expect(try await BatchResults.status(of: receipt.batch, in: database.pool)[0].status == "cancelled")
    }

    @Test func whatAnInterruptedSubmitLeftBehindIsRemovedByCancellingIt() async throws {
        let database = try TemporaryDatabase.current
        let file = try write([line("a")])
        func cancel() async throws {
            let cancelled = try await database.pool.query("SELECT hone.cancel_batch(1) AS n")
            #expect(try cancelled[0].decode("n", as: Int64.self) == 0)
        }
        try await database.pool.withConnection { connection in
            let digest = try await connection.query("SELECT sha256(pg_read_binary_file(\(file))) AS d")
            _ = try await connection.query(
                "SELECT hone.open_batch('in.jsonl', \(digest[0].decode("d", as: Data.self)), 'tiny')")
            let error = await #expect(throws: PostgresError.self) { try await cancel() }
            #expect("\(try #require(error))".contains("a process is reading its file now"))
            _ = try await connection.query("SELECT pg_advisory_unlock_all()")
        }
        try await cancel()
        #expect(try await BatchResults.status(in: database.pool).isEmpty)
        let error = await #expect(throws: PostgresError.self) { try await cancel() }
        #expect("\(try #require(error))".contains("there is no batch 1"))
        #expect(try await submit(file).isNew)
    }

    @Test func aLineOfManyMegabytesFailsAlone() async throws {
        let long = line("long", prompt: String(repeating: "x", count: 3 << 20))
        let receipt = try await submit(write([line("a"), long, line("b")]))
        #expect(receipt.jobs == 2 && receipt.faults == 1)
        let (_, errors) = try await results(receipt.batch)
        #expect(errors[0].error?.line == 2 && errors[0].error?.message.contains("longer than 1 MiB") == true)
    }

    @Test func aFileWithoutRequestsAndOneThatIsNotThereAreSaidSo() async throws {
        await #expect(throws: BatchError.empty(path: path("in.jsonl"))) { try await submit(write(["", " "])) }
        #expect(try await BatchResults.status(in: TemporaryDatabase.current.pool).isEmpty, "nothing is left of it")
        let error = await #expect(throws: BatchError.self) { try await submit(path("none")) }
        guard case .unreadable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await #expect(throws: BatchError.unknown(batch: 99)) { try await results(99) }
    }

    @Test func aProducerCanSubmitAndRead() async throws {
        let database = try TemporaryDatabase.current
        let file = try write([line("a")])
        try await database.pool.withConnection { connection in
            try await connection.execute("SET ROLE hone_producer")
            let receipt = try await BatchSubmission(path: file, model: nil).run(on: connection)
            #expect(receipt.jobs == 1)
            let status = try await BatchResults.status(of: receipt.batch, in: connection)
            #expect(status[0].status == "in_progress")
            try await connection.execute("RESET ROLE")
        }
    }
}
