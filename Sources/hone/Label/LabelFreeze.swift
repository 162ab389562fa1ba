import ArgumentParser
import HoneFeedback
import HonePostgres

/// `hone label freeze`: a named cut of training data.
struct LabelFreeze: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freeze",
        abstract:
            "Takes a named, immutable cut that a training job can read: pairs, rated steps, or a dataset's split.",
        discussion: """
            EXAMPLES
              hone label freeze pairs-1 --kind preference
              hone label freeze pairs-2 --kind preference --weighting agreement --checkpoint 12
              hone label freeze steps-1 --kind steps --origin prm800k
              hone label freeze sft-1 --dataset corrections --split train

            A freeze is recorded with the SHA-256 of its rows. Tasks whose votes cancel are left out and counted, and
            labellers who are too often wrong on gold questions, or who always chose the side that was shown in the
            same place, are left out with the reason.
            """)

    @Argument(help: "The freeze's name.")
    var name: String

    @Option(help: "Of labels: preference or steps.")
    var kind: LabelKind?

    @Option(help: "Whose labels.")
    var source = LabelSource.person

    @Option(help: "Only labels imported under this name.")
    var origin: String?

    @Option(help: "Only labels about samples of this checkpoint.")
    var checkpoint: Int64?

    @Option(help: "How votes count: equal, by agreement with others, or by estimated reliability.")
    var weighting = LabellerWeighting.equal

    @Option(help: "Of a dataset's examples instead.")
    var dataset: String?

    @Option(help: "The dataset's split.")
    var split = "train"

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (kind != nil) != (dataset != nil) else { throw ValidationError("Give --kind or --dataset.") }
        if let kind, kind != .preference, kind != .steps {
            throw ValidationError(
                "--kind \(kind): only preference and steps labels make a freeze; for corrections see "
                    + "'hone label corrections'.")
        }
    }

    func run() async throws {
        let report = try await options.withPool { pool in
            if let dataset { return try await Freeze.take(name, dataset: dataset, split: split, using: pool) }
            let selection = LabelSelection(kind ?? .preference, source: source, origin: origin, checkpoint: checkpoint)
            return kind == .steps
                ? try await Freeze.take(name, steps: selection, weighting: weighting, using: pool)
                : try await Freeze.take(name, preferences: selection, weighting: weighting, using: pool)
        }
        var text =
            "\(report.freeze.name): \(report.freeze.rowCount) rows of \(report.freeze.form), "
            + "SHA-256 \(report.freeze.sha256)"
        if report.contradictionCount > 0 { text += "\n\(report.contradictionCount) tasks contradict themselves" }
        if report.undecidedCount > 0 { text += "\n\(report.undecidedCount) tasks decide nothing" }
        for labeller in report.leftOut { text += "\n\(labeller)" }
        try options.console.emit(report, text: text)
    }
}

extension GlobalOptions {
    /// A pool of one connection to the database that the options name, for the length of `body`.
    func withPool<Value>(_ body: (PostgresPool) async throws -> Value) async throws -> Value {
        let pool = PostgresPool(
            configuration: try PostgresConfiguration(url: resolvedURL()), limits: .init(maximum: 1))
        defer { pool.close() }
        return try await body(pool)
    }
}
