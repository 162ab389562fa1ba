import ArgumentParser
import Foundation
import HoneFeedback

/// `hone label` without a subcommand: question after question, one key a judgement.
struct LabelLoop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Asks question after question, one key a judgement (default).",
        discussion: """
            EXAMPLES
              hone label
              hone label --as anna --kind preference
              hone label --wait                       waits for more when all is labelled

            \(LabelKeys.help)

            Which checkpoint answered is not shown, and the sides are shuffled. Leaving by q, Ctrl-C or the end of the
            input gives back what is held; after a crash it is free when its lease runs out. Without a terminal the
            keys are read from standard input; with --json questions and labels are one object a line.
            """)

    @OptionGroup var labeller: LabellerOptions

    @Flag(help: "Wait for new tasks when there are none.")
    var wait = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let recorded = try await Keyboard.with { keyboard in
            try await options.withDatabase { connection in
                let session = LabelSession(
                    desk: LabelDesk(labeller: labeller.name, session: connection), keyboard: keyboard,
                    screen: LabelScreen(options.console), kinds: labeller.wantedKinds,
                    lease: .seconds(labeller.lease), waits: wait)
                return try await session.run()
            }
        }
        options.console.note("\(recorded) labels by \(labeller.name)")
    }
}
