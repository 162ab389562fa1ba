import ArgumentParser
import HoneFeedback

/// `hone label undo`: opens a label for another judgement.
struct LabelUndo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Opens your last label, or the named one, for another judgement that supersedes it.",
        discussion: """
            EXAMPLES
              hone label undo --as anna
              hone label undo --as anna --label 17 --json

            It can be undone until the lease that it was given under would have run out.
            Until another judgement is submitted, the label stands.
            """)

    @Option(help: "The label, if not your last.")
    var label: Int64?

    @OptionGroup var labeller: LabellerOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let question = try await options.withDatabase { connection in
            try await LabelDesk(labeller: labeller.name, session: connection).undo(label)
        }
        try options.console.emit(
            QuestionLine(question),
            text: "\(question.text)\n\nhone label submit \(question.slot.job) --fence \(question.slot.fence) …")
    }
}
