import ArgumentParser

/// `hone evaluate`: handed over to `hone-worker`, which defines its options.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures a model on a data set: accuracy, valid steps, latency.",
        discussion: """
            EXAMPLES
              hone evaluate --model tiny --dataset level-1 --split heldout

            'hone evaluate --help' lists the options; hone-worker carries the command out.
            """)

    @Argument(parsing: .captureForPassthrough, help: "The command's own options; --help lists them.")
    var arguments: [String] = []

    func run() throws {
        try HandOver.toWorker("evaluate", arguments)
    }
}
