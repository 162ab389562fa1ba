import ArgumentParser
import HoneCatalog
import HonePostgres

/// `hone jobs metrics`: what the steps of a training measured, in short or in full.
struct JobsMetrics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Shows what a training recorded, or exports it.",
        discussion: """
            EXAMPLES
              hone jobs metrics 42
              hone jobs metrics 42 --name loss --name grad_norm --json
              hone jobs metrics 42 --jsonl > training.jsonl
              hone jobs metrics 42 --tensorboard runs && tensorboard --logdir runs

            --jsonl writes one object for each step, in which a number that is not finite is null. --tensorboard writes
            DIR/job-42/, in the place of what an earlier export wrote there.
            """)

    @Argument(help: "The job's id.")
    var id: Int64

    @Option(
        name: .customLong("name"),
        help: ArgumentHelp("Only this metric; may be given again.", valueName: "metric"))
    var names: [String] = []

    @Flag(help: "Write every step to standard output, one JSON object a line.")
    var jsonl = false

    @Option(help: ArgumentHelp("Write event files for TensorBoard below this folder.", valueName: "dir"))
    var tensorboard: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if jsonl, tensorboard != nil { throw ValidationError("Give --jsonl or --tensorboard, not both.") }
    }

    func run() async throws {
        try await options.withDatabase { connection in
            let wanted = try await connection.recordedMetrics(of: id, wanted: names)
            if let tensorboard {
                let file = try await MetricExport(job: id, names: wanted).tensorBoard(in: tensorboard, from: connection)
                try options.console.emit(WrittenFile(file: file), text: "wrote \(file)")
            } else if jsonl {
                try await MetricExport(job: id, names: wanted).jsonLines(from: connection)
            } else {
                let rows = try await MetricSummary.all(of: id, names: wanted, from: connection)
                try options.console.emit(rows, columns: MetricSummary.columns, none: "no such metrics")
            }
        }
    }
}

/// What a command prints that has written a file.
struct WrittenFile: Encodable {
    let file: String
}

extension PostgresConnection {
    /// The metrics of a job that are wanted: those, or all.
    /// - Throws: `CommandError` where the job, its record or one of the names does not exist.
    func recordedMetrics(of job: Int64, wanted: [String]) async throws -> [String] {
        let known = try await StepMetrics.names(of: job, in: self)
        if known.isEmpty {
            let isThere = try await !query("SELECT FROM hone.job_status WHERE id = \(job)").isEmpty
            throw isThere ? CommandError.nothingRecorded(job: job) : .noSuchRow(noun: "job", name: "\(job)")
        }
        if let unknown = wanted.first(where: { !known.contains($0) }) {
            throw CommandError.noSuchMetric(name: unknown, job: job, known: known)
        }
        return wanted.isEmpty ? known : wanted
    }
}
