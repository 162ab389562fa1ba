import ArgumentParser

/// `hone tokenize`: handed over to `hone-worker`, which defines its options.
struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turns text on stdin into token ids, or back.",
        discussion: """
            EXAMPLES
              echo '3+4=7' | hone tokenize --model tiny
              echo '51 43 52' | hone tokenize --model tiny --decode

            'hone tokenize --help' lists the options; hone-worker carries the command out.
            """)

    @Argument(parsing: .captureForPassthrough, help: "The command's own options; --help lists them.")
    var arguments: [String] = []

    func run() throws {
        try HandOver.toWorker("tokenize", arguments)
    }
}
