import ArgumentParser
import HoneModel
import HoneTensor

/// One measurement of greedy decoding on a model directory; the last line on stdout is one JSON object.
struct GenerateProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Generation speed of a model: prefill, then greedy decoding with a cache.",
        discussion: "  hone-bench generate --model DIR --batch 64 --prompt 32 --new 64")

    @Option(help: "A Hugging Face directory.") var model: String
    @Option(help: "Rows that are decoded together.") var batch = 64
    @Option(help: "Tokens of every prompt.") var prompt = 32
    @Option(help: "New tokens of every row.") var new = 64
    @Option(help: "Arithmetic; fp32 so far.") var dtype = Arithmetic.fp32
    @Option(help: "Threads inside one operator.") var threads = 1
    @Option(help: "Runs, of which the fastest is reported.") var repeats = 5

    func validate() throws {
        let counts = [
            ("--batch", batch), ("--prompt", prompt), ("--new", new), ("--threads", threads), ("--repeats", repeats),
        ]
        for (name, value) in counts where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
    }

    func run() throws {
        Threads.set(intraOp: threads)
        let measurement = GenerationMeasurement(
            model: try CausalLanguageModel.load(directory: model), batch: batch, promptLength: prompt, newCount: new)
        let runs = (0..<repeats).map { _ in measurement.run() }
        guard let best = runs.min(by: { $0.seconds < $1.seconds }) else { return }
        try printJSONLine([
            "tokens": Double(batch * new), "seconds": best.seconds, "prefill_s": best.prefillSeconds,
            "checksum": Double(best.checksum),
        ])
    }
}

/// Rows of pseudo-random prompts, decoded without an early end; `Tests/Oracles/eager_generation.py` does the same.
struct GenerationMeasurement {
    struct Run {
        let seconds: Double
        let prefillSeconds: Double
        /// Equal for equal tokens.
        let checksum: Int64
    }

    let model: CausalLanguageModel
    let batch: Int
    let promptLength: Int
    let newCount: Int

    func run() -> Run {
        let limit = min(model.configuration.vocabularySize, 256)
        let ids = (0..<batch).flatMap { row in
            (0..<promptLength).map { Int64((row * 7919 + $0 * 104_729 + 17) % limit) }
        }
        let prompts_BT = Tensor(ids).view(batch, promptLength)
        return inferenceMode {
            let start = ContinuousClock.now
            let cache = KVCache(
                model.configuration, rowCapacity: batch, tokenCapacity: promptLength + newCount)
            var next_B = model.prefill(TokenLine(rows: prompts_BT), cache: cache).argmax(dim: -1)
            let prefill = ContinuousClock.now - start
            var tokens = [next_B]
            for _ in 1..<max(newCount, 1) where newCount > 1 {
                next_B = model.decode(next_B, cache: cache).argmax(dim: -1)
                tokens.append(next_B)
            }
            let all = Tensor.stack(tokens, dim: 1).contiguous().toArray(Int64.self)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let checksum = all.enumerated().reduce(Int64(0)) { $0 + $1.element * Int64($1.offset % 1009 + 1) }
            return Run(seconds: seconds, prefillSeconds: prefill / .seconds(1), checksum: checksum)
        }
    }
}
