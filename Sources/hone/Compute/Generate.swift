import ArgumentParser

/// `hone generate`: handed over to `hone-worker`, which defines its options.
struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answers a file of prompts with a model, without the queue.",
        discussion: """
            EXAMPLES
              hone generate --model tiny --prompts prompts.jsonl --out answers.jsonl --temperature 0
              hone generate --model ./llama-dir --prompts - --out - --max-new-tokens 64

            'hone generate --help' lists the options; hone-worker carries the command out.
            """)

    @Argument(parsing: .captureForPassthrough, help: "The command's own options; --help lists them.")
    var arguments: [String] = []

    func run() throws {
        try HandOver.toWorker("generate", arguments)
    }
}
