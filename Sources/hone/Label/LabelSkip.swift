import ArgumentParser
import HoneFeedback

/// `hone label skip`: leaves a slot to others.
struct LabelSkip: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip",
        abstract: "Leaves a slot to others, with the reason on record, or gives it back as if never taken.",
        discussion: """
            EXAMPLES
              hone label skip 42 --fence 77 --reason 'I do not know this notation'
              hone label skip 42 --fence 77 --give-back
            """)

    @Argument(help: "The slot, which is a job.")
    var job: Int64

    @Option(help: "The fencing token that came with it.")
    var fence: Int64

    @Option(help: "Why; you will not be asked this again.")
    var reason: String?

    @Flag(help: "No skip: anybody may get it, you too.")
    var giveBack = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (reason != nil) != giveBack else { throw ValidationError("Give --reason, or --give-back.") }
    }

    func run() async throws {
        let slot = LabelSlot(job: job, fence: fence)
        let isDone = try await options.withDatabase { connection in
            let desk = LabelDesk(labeller: "", session: connection)
            guard let reason else { return try await desk.release(slot) }
            try await desk.skip(slot, reason: reason)
            return true
        }
        let text = !isDone ? "slot \(job) was not held any more" : giveBack ? "given back" : "skipped"
        try options.console.emit(SlotLine(job: job, skipped: !giveBack), text: text)
    }
}
