import ArgumentParser
import HoneFeedback

/// `hone label gold rule`: how often gold is asked, and what follows from the answers.
struct GoldRule: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule",
        abstract: "Shows how often gold is asked and who is trusted, and changes what is given.",
        discussion: """
            EXAMPLES
              hone label gold rule
              hone label gold rule --share 0.1
              hone label gold rule --minimum-accuracy 0.8 --minimum-count 30 --source simulated
            """)

    @Option(help: "Whose rule.")
    var source = LabelSource.person

    @Option(help: "Share of a labeller's questions that are gold, 0 to 1.")
    var share: Double?

    @Option(help: "Share of right answers below which a labeller is left out of freezes, 0 to 1.")
    var minimumAccuracy: Double?

    @Option(help: "Answers to gold before which nobody is left out.")
    var minimumCount: Int?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        for (name, value) in [("--share", share), ("--minimum-accuracy", minimumAccuracy)] {
            if let value, !(0...1).contains(value) { throw ValidationError("\(name) \(value): give a share, 0 to 1.") }
        }
        if let minimumCount, minimumCount < 1 {
            throw ValidationError("--minimum-count \(minimumCount): give 1 or more.")
        }
    }

    func run() async throws {
        let rule = try await options.withDatabase { connection in
            try await GoldQuestions.setRule(
                of: source, share: share, minimumAccuracy: minimumAccuracy, minimumCount: minimumCount, in: connection)
        }
        try options.console.emit(
            rule,
            text: "of the questions that a \(source) gets, \(percent(rule.share)) are gold; below "
                + "\(percent(rule.minimumAccuracy)) of at least \(rule.minimumCount) right, a labeller is left "
                + "out of freezes"
        )
    }

    private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
