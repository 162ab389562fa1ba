import ArgumentParser

/// `hone work`: handed over to `hone-worker`, which defines its options.
struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Claims jobs and runs them until stopped; SIGTERM drains.",
        discussion: """
            EXAMPLES
              hone work --queues default --concurrency 1
              hone work --device cuda:0
              hone work --drain                            finish what is queued, then leave

            'hone work --help' lists the options; hone-worker carries the command out.
            """)

    @Argument(parsing: .captureForPassthrough, help: "The command's own options; --help lists them.")
    var arguments: [String] = []

    func run() throws {
        try HandOver.toWorker("work", arguments)
    }
}
