import ArgumentParser
import HoneModel
import HoneTensor

/// One measurement of training steps on a model directory; the last line on stdout is one JSON object.
struct TrainProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Training speed of a model: forward, backward, clipping and AdamW.",
        discussion: "  hone-bench train --model DIR --batch 32 --length 128")

    @Option(help: "A Hugging Face directory.") var model: String
    @Option(help: "Rows of a batch.") var batch = 32
    @Option(help: "Tokens of a row.") var length = 128
    @Option(help: "Arithmetic; fp32 so far.") var dtype = Arithmetic.fp32
    @Option(help: "Measured steps, after two that are not.") var steps = 10
    @Option(help: "Threads inside one operator.") var threads = 1

    func validate() throws {
        for (name, value) in [("--batch", batch), ("--length", length), ("--steps", steps), ("--threads", threads)]
        where value < 1 { throw ValidationError("\(name) \(value): give a number from 1 up") }
    }

    func run() throws {
        Threads.set(intraOp: threads)
        let network = try CausalLanguageModel.load(directory: model)
        let measurement = TrainingMeasurement(model: network, batch: batch, length: length).run(steps: steps)
        try printJSONLine(["tokens": Double(measurement.tokens), "seconds": measurement.seconds])
    }
}

/// The arithmetic of a measurement.
enum Arithmetic: String, ExpressibleByArgument, CaseIterable {
    case fp32
}

/// Steps on one fixed batch of pseudo-random tokens.
struct TrainingMeasurement {
    let model: CausalLanguageModel
    let batch: Int
    let length: Int

    func run(steps: Int) -> (tokens: Int, seconds: Double) {
        model.requireGrad()
        let optimizer = AdamW(model.namedParameters, learningRate: 3e-4, betas: (0.9, 0.95), weightDecay: 0.1)
        let vocabulary = model.configuration.vocabularySize
        let ids_BT = Tensor((0..<batch * length).map { Int64(($0 * 7919 + 17) % vocabulary) }).view(batch, length)
        let targets = ids_BT.narrow(1, start: 1, length: length - 1).flatten()
        func step() -> Double {
            let logits_BTV = model(ids_BT).narrow(1, start: 0, length: length - 1)
            let loss = logits_BTV.reshape(-1, vocabulary).crossEntropy(targets)
            optimizer.zeroGrad()
            loss.backward()
            clipGradNorm(model.parameters, maxNorm: 1)
            optimizer.step()
            return loss.item()
        }
        for _ in 0..<2 { _ = step() }
        let start = ContinuousClock.now
        for _ in 0..<steps { _ = step() }
        return (steps * batch * length, (ContinuousClock.now - start) / .seconds(1))
    }
}
