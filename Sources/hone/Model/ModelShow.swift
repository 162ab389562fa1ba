import ArgumentParser
import Foundation
import HoneCatalog
import HoneDatasets

/// `hone model show`: the checkpoints of a model, where each comes from and what was measured.
struct ModelShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a model's checkpoints, their origin and their metrics.",
        discussion: """
            EXAMPLES
              hone model show tiny
              hone model show tiny --json
            """)

    @Argument(help: "The model's name.")
    var name: String

    @Option(help: "The newest checkpoints, at most this many.")
    var limit = 20

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let (checkpoints, served) = try await options.withDatabase { connection in
            (
                try await Checkpoints.list(of: name, limit: limit, in: connection),
                try await Checkpoints.active(name, in: connection).first
            )
        }
        try options.console.emit(
            checkpoints.map { CheckpointLine($0, served: served) }, columns: CheckpointLine.columns,
            none: "model \(name) has no checkpoints")
    }
}

private struct CheckpointLine: Encodable {
    let id: Int64
    let active: Bool
    /// Of a hundred jobs, if it is the canary.
    let canaryPercent: Int?
    /// Why it must not be served.
    let quarantine: String?
    let step: Int64
    let parent: Int64?
    let job: Int64?
    let run: Int64?
    let seed: Int64?
    let codeVersion: String?
    let metrics: JSONValue
    let createdAt: Date

    static let columns = [
        Column<CheckpointLine>("CHECKPOINT", isNumber: true) { String($0.id) },
        Column("") { $0.mark },
        Column("STEP", isNumber: true) { String($0.step) },
        Column("PARENT", isNumber: true) { $0.parent.map(String.init) ?? "" },
        Column("JOB", isNumber: true) { $0.job.map(String.init) ?? "imported" },
        Column("RUN", isNumber: true) { $0.run.map(String.init) ?? "" },
        Column("CREATED") { $0.createdAt.ISO8601Format().clockTime },
        Column("METRICS") { $0.metrics.listed },
    ]

    private var mark: String {
        if active { return "active" }
        return canaryPercent.map { "canary \($0) %" } ?? (quarantine == nil ? "" : "quarantined")
    }

    init(_ checkpoint: Checkpoint, served: ServedCheckpoint?) {
        id = checkpoint.id
        active = checkpoint.id == served?.checkpoint
        canaryPercent = checkpoint.id == served?.canary?.checkpoint ? served?.canary?.percent : nil
        quarantine = checkpoint.quarantine
        step = checkpoint.step
        parent = checkpoint.parent
        job = checkpoint.job
        run = checkpoint.run
        seed = checkpoint.seed
        codeVersion = checkpoint.codeVersion
        metrics = checkpoint.metrics
        createdAt = checkpoint.createdAt
    }
}
