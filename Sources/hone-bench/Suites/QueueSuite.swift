import ArgumentParser
import HoneMigrations
import HonePostgres
import HoneQueue
import HoneWorker
import Logging

/// The queue's speed on a private PostgreSQL with every commit forced to disk.
struct QueueSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Jobs per second: enqueued singly, enqueued in bulk, and done from end to end.",
        discussion: """
              hone-bench queue --runs 5 --json

            Beside each row stands what the server does for the same number of plain rows: commits of one row, or one
            statement's inserts.
            """)

    @Option(help: "Runs of each measurement; medians count.") var runs = 5
    @Option(help: "Jobs of a bulk enqueue and of a drain.") var jobs = 20_000
    @Option(help: "Jobs enqueued one by one in a run.") var singles = 500
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    func validate() throws {
        for (name, value) in [("--runs", runs), ("--jobs", jobs), ("--singles", singles)] where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
    }

    func run() async throws {
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let measured = try await PrivateServer.with { try await report(QueueMeasurement(url: $0)) }
        try measured.show(asJSON: json)
    }

    private func report(_ measurement: QueueMeasurement) async throws -> SuiteReport {
        defer { measurement.close() }
        try await measurement.prepare()
        var values: [QueueMeasurement.Kind: [Double]] = [:]
        for _ in 0..<runs {
            for kind in QueueMeasurement.Kind.allCases {
                let count = kind.isSingle ? singles : jobs
                values[kind, default: []].append(try await measurement.perSecond(kind, count: count))
            }
        }
        func sample(_ kind: QueueMeasurement.Kind) -> Sample { Sample(values[kind] ?? []) }
        let (commits, inserts) = (sample(.plainCommit), sample(.plainInsert))
        return SuiteReport(
            suite: "queue",
            rows: [
                .init(
                    name: "enqueue, one commit each", unit: "jobs/s", sample: sample(.singleEnqueue),
                    beside: .init(name: "one-row commits", sample: commits)),
                .init(
                    name: "enqueue_many, \(jobs) at once", unit: "jobs/s", sample: sample(.bulkEnqueue),
                    beside: .init(name: "plain rows in one insert", sample: inserts)),
                .init(
                    name: "noop jobs done by one worker", unit: "jobs/s", sample: sample(.drain),
                    beside: .init(name: "plain rows in one insert", sample: inserts)),
            ],
            absent: [])
    }
}
