import ArgumentParser
import HoneFeedback

/// `hone label gold accuracy`: how labellers do on questions whose answer is known.
struct GoldAccuracy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accuracy",
        abstract: "Shows how labellers do on gold questions, the worst first.",
        discussion: """
            EXAMPLES
              hone label gold accuracy
              hone label gold accuracy --source simulated --json
            """)

    @Option(help: "Whose labels.")
    var source = LabelSource.person

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let records = try await options.withDatabase { connection in
            try await GoldRecord.all(of: source, from: connection)
        }
        let columns: [Column<GoldRecord>] = [
            Column("LABELLER") { $0.labeller },
            Column("RIGHT", isNumber: true) { String($0.rightCount) },
            Column("OF", isNumber: true) { String($0.answerCount) },
            Column("LEFT OUT OF FREEZES") { $0.reason.map { "yes: " + $0 } ?? "no" },
        ]
        try options.console.emit(records, columns: columns, none: "nobody has answered a gold question yet")
    }
}
