import Foundation
import HoneBatch
import HoneCatalog
import HonePostgres
import HoneQueue

/// One file through the queue and back, timed, with this process's peak memory after it.
struct BatchFileMeasurement {
    struct Run: Sendable {
        let lineCount: Int
        let submitSeconds: Double
        let answerSeconds: Double
        let resultSeconds: Double
        let answered: Int
        let failed: Int
        let peakMiB: Double

        func perSecond(_ seconds: Double) -> Double { Double(lineCount) / seconds }
    }

    private let pool: PostgresPool
    private let checkpoint: Int64

    /// Every so many lines one is no request.
    private static let faultInterval = 1000

    init(pool: PostgresPool) async throws {
        self.pool = pool
        checkpoint = try await pool.withTransaction { transaction in
            try await Checkpoints.record(
                NewCheckpoint(model: "echo", step: 0, config: PostgresJSON(text: "{}"), files: []), in: transaction)
        }
    }

    func run(lineCount: Int) async throws -> Run {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hone-batch-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { removeFolder(folder.path) }
        let file = folder.appending(path: "in.jsonl").path
        try Self.write(lineCount, to: file)
        var batch: Int64 = 0
        let submitSeconds = try await seconds {
            batch = try await pool.withConnection { connection in
                try await BatchSubmission(path: file, model: "echo").run(on: connection).batch
            }
        }
        let answerSeconds = try await seconds { try await drain() }
        var count = BatchResults.Count()
        let resultSeconds = try await seconds {
            count = try await pool.withConnection { connection in
                try await BatchResults(
                    of: batch, out: folder.appending(path: "out.jsonl").path,
                    errors: folder.appending(path: "errors.jsonl").path
                ).write(from: connection)
            }
        }
        return Run(
            lineCount: lineCount, submitSeconds: submitSeconds, answerSeconds: answerSeconds,
            resultSeconds: resultSeconds, answered: count.completed, failed: count.failed,
            peakMiB: try ResidentMemory.peak())
    }

    private func seconds(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private static func write(_ lineCount: Int, to path: String) throws {
        try Data().write(to: URL(filePath: path))
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        var block = ""
        for number in 1...lineCount {
            if number.isMultiple(of: faultInterval) {
                block += "{\"custom_id\":\"line-\(number)\",\"url\":\"/v1/embeddings\",\"body\":{}}\n"
            } else {
                block +=
                    "{\"custom_id\":\"line-\(number)\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":"
                    + "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"What is \(number) plus 17?\"}],"
                    + "\"max_tokens\":32}}\n"
            }
            if block.utf8.count > 1 << 20 || number == lineCount {
                try handle.write(contentsOf: Data(block.utf8))
                block = ""
            }
        }
        try handle.close()
    }

    private func drain() async throws {
        var configuration = WorkerConfiguration(name: "bench")
        configuration.concurrency = 2
        configuration.stopsWhenIdle = true
        try await WorkerService(
            pool: pool, configuration: configuration, handlers: [EchoHandler(checkpoint: checkpoint)]
        ).run()
    }
}

/// Answers every prompt alike, and records the answer as `reason` does.
private struct EchoHandler: JobHandler {
    static let kind = "reason"

    let batchLimit = 256
    let checkpoint: Int64

    private struct Result: Encodable {
        let model = "echo"
        let text = "42"
        let tokens = 2
        let prompt_tokens = 9
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        let result = try PostgresJSON(encoding: Result())
        try await context.complete(jobs.map { ($0, result) }) { transaction, held in
            let samples = held.map { job in
                NewSample(
                    attempt: JobAttempt(job: job.id, fence: job.fence), ordinal: 0, checkpoint: checkpoint,
                    prompt: "a question", text: "42", tokenIDs: [52, 50], tokenLogProbs: [-0.1, -0.2], steps: [],
                    answer: "42", finishReason: "stop", verdict: nil)
            }
            try await Samples.record(samples, in: transaction)
        }
    }
}
