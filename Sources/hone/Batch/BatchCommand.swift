import ArgumentParser

/// `hone batch`: files in the OpenAI Batch format through the queue.
struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Answers files in the OpenAI Batch format through the queue.",
        discussion: """
            EXAMPLES
              hone batch submit requests.jsonl --model tiny
              hone batch status 7
              hone batch results 7 --out answers.jsonl --errors errors.jsonl
            """,
        subcommands: [
            BatchSubmit.self, BatchStatus.self, BatchResultsCommand.self, BatchList.self, BatchCancel.self,
        ])
}
