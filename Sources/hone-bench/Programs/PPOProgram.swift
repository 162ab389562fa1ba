import ArgumentParser

/// One measurement of whole iterations of PPO on a model directory; the last line on stdout is one JSON object.
struct PPOProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ppo", abstract: "Speed of whole PPO iterations: sampling, scoring and learning.",
        discussion: """
            Two epochs of updates of 128 answers, with a reference and a critic, and a reward that costs nothing.

              hone-bench ppo --model DIR --samples 256 --prompt 16 --new 32
              hone-bench ppo --model DIR --samples 256 --worked       prompts and answers of many lengths
            """)

    @Option(help: "A Hugging Face directory whose vocabulary holds all bytes.") var model: String
    @Option(help: "Answers of an iteration.") var samples = 256
    @Option(help: "Tokens of every prompt.") var prompt = 16
    @Option(help: "New tokens of every answer.") var new = 32
    @Flag(help: "Prompts and lengths of worked problems instead, as the demo's reasoner has them.") var worked = false
    @Option(help: "Measured iterations, after one that is not.") var iterations = 3
    @Option(help: "Threads inside one operator.") var threads = 1

    func validate() throws {
        let counts = [
            ("--samples", samples), ("--prompt", prompt), ("--new", new), ("--iterations", iterations),
            ("--threads", threads),
        ]
        for (name, value) in counts where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
    }

    func run() async throws {
        let workload =
            try worked
            ? PPOWorkload.worked(count: samples)
            : .uniform(count: samples, promptLength: prompt, answerLength: new)
        let measurement = PPOMeasurement(directory: model, workload: workload, threads: threads)
        let run = try await measurement.run(iterations: iterations)
        try printJSONLine([
            "tokens": Double(run.tokens), "seconds": run.seconds, "sampling_s": run.samplingSeconds,
            "learning_s": run.learningSeconds,
        ])
    }
}
