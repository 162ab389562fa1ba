import ArgumentParser
import HoneFeedback

/// `hone label next`: takes one slot and shows its question.
struct LabelNext: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Takes a slot and prints its question, to be answered by 'hone label submit'.",
        discussion: """
            EXAMPLES
              hone label next --as anna
              hone label next --as anna --kind preference --lease 120 --json

            Exit status 1 if there is nothing to label. Which answer stands left was drawn for the slot.
            """)

    @OptionGroup var labeller: LabellerOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let question = try await options.withDatabase { connection in
            try await LabelDesk(labeller: labeller.name, session: connection)
                .next(labeller.wantedKinds, lease: .seconds(labeller.lease))
        }
        guard let question else { throw CommandError.nothingToLabel(labeller: labeller.name) }
        try options.console.emit(QuestionLine(question), text: question.textWithCommand)
    }
}

extension LabelQuestion {
    /// The question, and how to answer it.
    fileprivate var textWithCommand: String {
        let judgement =
            switch kind {
            case .preference: "--prefer left|right|tie|neither"
            case .steps: "--ratings \(answers.first?.steps.map { _ in "1" }.joined(separator: ",") ?? "1")"
            case .rating: "--rating 1…5"
            case .correction: "--step '…' --answer '…'"
            }
        return "\(text)\n\nhone label submit \(slot.job) --fence \(slot.fence) \(judgement)"
    }
}
