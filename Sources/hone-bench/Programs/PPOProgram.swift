import ArgumentParser
import HoneModel
import HoneTokenizer
import HoneTraining

/// One measurement of whole iterations of PPO on a model directory; the last line on stdout is one JSON object.
struct PPOProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ppo", abstract: "Speed of whole PPO iterations: sampling, scoring and learning.",
        discussion: """
            Two epochs of updates of 128 answers, with a reference and a critic, and a reward that costs nothing.

              hone-bench ppo --model DIR --samples 256 --prompt 16 --new 32
            """)

    @Option(help: "A Hugging Face directory whose vocabulary holds all bytes.") var model: String
    @Option(help: "Answers of an iteration.") var samples = 256
    @Option(help: "Tokens of every prompt.") var prompt = 16
    @Option(help: "New tokens of every answer, fewer where the model ends it.") var new = 32
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
        let measurement = PPOMeasurement(
            directory: model, samples: samples, promptLength: prompt, newCount: new, threads: threads)
        let run = try await measurement.run(iterations: iterations)
        try printJSONLine([
            "tokens": Double(run.tokens), "seconds": run.seconds, "sampling_s": run.samplingSeconds,
            "learning_s": run.learningSeconds,
        ])
    }
}

/// Iterations on pseudo-random prompts of digits; `Tests/Oracles/eager_ppo.py` does the same.
struct PPOMeasurement: Sendable {
    struct Run: Sendable {
        var tokens = 0
        var seconds = 0.0
        var samplingSeconds = 0.0
        var learningSeconds = 0.0
    }

    let directory: String
    let samples: Int
    let promptLength: Int
    let newCount: Int
    let threads: Int

    func run(iterations: Int) async throws -> Run {
        var settings = PPOConfiguration(steps: iterations + 1)
        settings.promptsPerStep = samples
        settings.samplesPerPrompt = 1
        settings.maximumNewTokens = newCount
        settings.threads = threads
        settings.limits = CollapseLimits(watching: false)
        // The weights stay what they were, so that every iteration does the same work.
        settings.optimizer.learningRate = 1e-6
        settings.criticOptimizer.learningRate = 1e-6
        let run = try await TrainingRun.start { [settings] in
            try PPOTrainer(
                settings, policy: .load(directory: directory), prompts: prompts, tokenizer: ByteTokenizer()
            ) { _, _, tokens in .scored(Double((tokens.last ?? 0) % 2)) }
        }
        var total = Run()
        for iteration in 0...iterations {
            let started = ContinuousClock.now
            let report = try await run.with { try $0.advance() }
            guard iteration > 0 else { continue }
            total.tokens += report.sampledTokens
            total.seconds += (ContinuousClock.now - started) / .seconds(1)
            total.samplingSeconds += report.samplingSeconds
            total.learningSeconds += report.learningSeconds
        }
        return total
    }

    private var prompts: [String] {
        (0..<samples).map { row in
            String((0..<promptLength).map { Character("\((row * 7919 + $0 * 104_729 + 17) % 10)") })
        }
    }
}
