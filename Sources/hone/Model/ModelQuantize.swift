import ArgumentParser

/// `hone model quantize`: handed over to `hone-worker`, which defines its options.
struct ModelQuantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Puts a model's weights into fewer bits, and compares the two.",
        discussion: """
            EXAMPLES
              hone model quantize tiny --to int8 --dataset arithmetic
              hone model quantize tiny@12 --to mixed --budget-size 0.30 --budget-loss 0.1 --dataset arithmetic
              hone model quantize ./llama --to int4 --prompts questions.jsonl --out ./llama-int4

            'hone model quantize --help' lists the options; hone-worker carries the command out.
            """)

    @Argument(parsing: .captureForPassthrough, help: "The command's own options; --help lists them.")
    var arguments: [String] = []

    func run() throws {
        try HandOver.toWorker("quantize", arguments)
    }
}

/// `hone model diff`: handed over to `hone-worker`, which defines its options.
struct ModelDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compares a model with its parent: size, speed, perplexity, right answers, layers.",
        discussion: """
            EXAMPLES
              hone model diff tiny@12 tiny@15 --dataset arithmetic --limit 2000
              hone model diff ./llama ./llama-int4 --json

            'hone model diff --help' lists the options; hone-worker carries the command out.
            """)

    @Argument(parsing: .captureForPassthrough, help: "The command's own options; --help lists them.")
    var arguments: [String] = []

    func run() throws {
        try HandOver.toWorker("diff", arguments)
    }
}
