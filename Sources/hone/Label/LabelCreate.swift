import ArgumentParser
import HoneFeedback

/// `hone label create`: asks about samples.
struct LabelCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes label tasks about the samples of a checkpoint, a dataset or both.",
        discussion: """
            EXAMPLES
              hone label create preference --checkpoint 12 --wanted 3
              hone label create preference --checkpoint 12 --against 11 --per-prompt 1
              hone label create steps --dataset gsm8k --checkpoint 12
              hone label create preference --dataset gsm8k --source simulated

            A preference compares two different answers to a prompt: all pairs, or --per-prompt of them.
            What was asked before is not asked again.
            """)

    @Argument(help: "What is asked: \(LabelKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind: LabelKind

    @Option(help: "Samples of this checkpoint.")
    var checkpoint: Int64?

    @Option(help: "Compare with the samples of this checkpoint.")
    var against: Int64?

    @Option(help: "Samples on examples of this dataset.")
    var dataset: String?

    @Option(help: "At most so many tasks a prompt.")
    var perPrompt: Int?

    @Option(help: "Labels a task, each by another labeller.")
    var wanted = 1

    @Option(help: "Who is asked: person, simulated or verifier.")
    var source = LabelSource.person

    @Option(help: "From -1000 to 1000; a smaller number is asked first.")
    var priority = 0

    @Option(help: "Chooses the pairs of --per-prompt.")
    var seed: Int64 = 0

    @OptionGroup var options: GlobalOptions

    private struct Line: Encodable {
        let kind: LabelKind
        let tasks: Int
        let slots: Int
    }

    func validate() throws {
        if checkpoint == nil, dataset == nil { throw ValidationError("Say which samples: --checkpoint, --dataset.") }
        guard (1...100).contains(wanted) else { throw ValidationError("--wanted \(wanted): give 1 to 100.") }
        if let perPrompt, perPrompt < 1 { throw ValidationError("--per-prompt \(perPrompt): give 1 or more.") }
    }

    func run() async throws {
        var request = LabelRequest(kind, checkpoint: checkpoint, dataset: dataset)
        request.otherCheckpoint = against
        request.perPrompt = perPrompt
        request.wanted = wanted
        request.source = source
        request.priority = priority
        request.seed = seed
        let made = try await options.withDatabase { connection in
            try await LabelTasks.create(request, in: connection)
        }
        try options.console.emit(
            Line(kind: kind, tasks: made, slots: made * wanted),
            text: "\(made) new \(kind) tasks, \(made * wanted) labels wanted")
    }
}
