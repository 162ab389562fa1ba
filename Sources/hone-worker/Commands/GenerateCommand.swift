import ArgumentParser
import Foundation
import HoneInference
import HoneWorker

/// `hone-worker generate`: answers a file of prompts with one model, without the queue.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Answers a file of prompts with a model, without the queue.",
        discussion: """
            A prompt is one line {"id": …, "prompt": "…"}; an answer is one line with text, token_ids and finish_reason.
            A prompt's "format", {"regex": …} or {"json_schema": …}, goes before --regex and --json-schema.
            Answers are in FILE.partial until all are there.
            A file of the OpenAI Batch format is answered in that format, its lines' settings before those given here.

            EXAMPLES
              hone generate --model tiny --prompts prompts.jsonl --out answers.jsonl --max-new-tokens 128
              hone generate --model ./llama-directory --prompts - --out - --temperature 0.8 --seed 7
              hone generate --model tiny --prompts p.jsonl --out a.jsonl --json-schema answer.schema.json
              hone generate --model tiny --prompts p.jsonl --out a.jsonl --routing '{"mode": "lossy", "cost": 0.3}'
            """)

    @OptionGroup var source: ModelOptions
    @OptionGroup var sampling: SamplingOptions

    @Option(help: ArgumentHelp("The file of prompts; - is standard input.", valueName: "file"))
    var prompts: String

    @Option(help: ArgumentHelp("The file of answers; - is standard output.", valueName: "file"))
    var out: String

    @Flag(help: "Add every token's log-probability.")
    var logprobs = false

    @Flag(help: "Add every token's log-probability among what it was drawn from.")
    var drawnLogprobs = false

    @Option(help: ArgumentHelp("By which of the model's paths, as in a reason job's payload.", valueName: "json"))
    var routing: String?

    @Option(help: ArgumentHelp("How many prompts are answered together.", valueName: "count"))
    var batch = 64

    func validate() throws {
        guard (1...65_536).contains(batch) else {
            throw ValidationError("--batch \(batch): give a number from 1 to 65,536.")
        }
    }

    func run() async throws {
        var limits = GenerationLimits()
        limits.batchSize = batch
        let model = try await source.load(limits: limits)
        var options = try sampling.answerOptions()
        options.includesLogProbs = logprobs
        options.includesDrawnLogProbs = drawnLogprobs
        let answering = PromptAnswering(
            model: model, plan: try routing.map { try RoutingPlan(json: $0) }, options: options, sliceCount: batch * 8)
        let (answered, refused) = try await answering.run(prompts: prompts, out: out)
        HoneWorkerProgram.complain("\(answered) prompts answered" + (refused > 0 ? ", \(refused) refused" : ""))
    }
}
