import ArgumentParser
import HoneMigrations
import HonePostgres
import Logging

/// The OpenAI Batch path from a file to a file, with a model that costs nothing.
struct BatchFileSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch-file",
        abstract:
            "A batch file through the queue: lines a second, and what memory a large file takes over a small one.",
        discussion: """
              hone-bench batch-file --lines 1000000

            Reads, answers and writes a small file and then a large one in this process, which holds the submitting
            command, a worker and the writing of the results. PostgreSQL is private, with every commit forced to disk.
            """)

    @Option(help: "Lines of the small file.") var small = 10_000
    @Option(help: "Lines of the large file.") var lines = 1_000_000
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    func validate() throws {
        guard small > 0, lines > small else {
            throw ValidationError("--lines must be more than --small, and both above 0")
        }
    }

    func run() async throws {
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let runs = try await PrivateServer.with { url in
            let pool = PostgresPool(configuration: try PostgresConfiguration(url: url), limits: .init(maximum: 8))
            defer { pool.close() }
            try await Migrator(Migration.hone, pool: pool).apply()
            let measurement = try await BatchFileMeasurement(pool: pool)
            return [try await measurement.run(lineCount: small), try await measurement.run(lineCount: lines)]
        }
        try report(runs[0], runs[1]).show(asJSON: json)
    }

    private func report(_ small: BatchFileMeasurement.Run, _ large: BatchFileMeasurement.Run) -> SuiteReport {
        func row(_ name: String, _ unit: String, _ value: (BatchFileMeasurement.Run) -> Double) -> SuiteReport.Row {
            SuiteReport.Row(
                name: "\(name), \(large.lineCount) lines", unit: unit, sample: Sample([value(large)]),
                beside: .init(name: "\(small.lineCount) lines", sample: Sample([value(small)])))
        }
        return SuiteReport(
            suite: "batch-file",
            rows: [
                row("submit", "lines/s") { $0.perSecond($0.submitSeconds) },
                row("answer, one worker", "lines/s") { $0.perSecond($0.answerSeconds) },
                row("results", "lines/s") { $0.perSecond($0.resultSeconds) },
                row("peak memory so far", "MiB") { $0.peakMiB },
                SuiteReport.Row(
                    name: "growth of the peak", unit: "MiB", sample: Sample([large.peakMiB - small.peakMiB]),
                    beside: nil),
                row("lines answered", "lines") { Double($0.answered) },
                row("lines in the error file", "lines") { Double($0.failed) },
            ], absent: [])
    }
}
