import ArgumentParser
import HoneFeedback

/// `hone label gold draw`: gold questions out of samples that the verifier judged.
struct GoldDraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "draw",
        abstract: "Makes gold questions of samples that the verifier judged, one a prompt at most.",
        discussion: """
            EXAMPLES
              hone label gold draw preference --checkpoint 12 --count 50
              hone label gold draw steps --dataset sums --source simulated

            A preference sets a right answer beside a wrong one. Steps are those of which the checker judged every line
            up to the first wrong one.
            """)

    @Argument(help: "What is asked: preference or steps.")
    var kind: LabelKind

    @Option(help: "Samples of this checkpoint.")
    var checkpoint: Int64?

    @Option(help: "Samples on examples of this dataset.")
    var dataset: String?

    @Option(help: "So many questions at most.")
    var count = 50

    @Option(help: "Chooses among them.")
    var seed: Int64 = 0

    @OptionGroup var audience: GoldAudience
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if checkpoint == nil, dataset == nil { throw ValidationError("Say which samples: --checkpoint, --dataset.") }
        if count < 1 { throw ValidationError("--count \(count): give 1 or more.") }
    }

    func run() async throws {
        var request = LabelRequest(kind, checkpoint: checkpoint, dataset: dataset)
        request.source = audience.source
        request.seed = seed
        let made = try await options.withDatabase { connection in
            try await GoldQuestions.add(request, count: count, labellers: audience.labellers, in: connection)
        }
        let line = NewGoldLine(questions: made)
        try options.console.emit(line, text: line.text)
    }
}
