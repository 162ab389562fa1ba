import HoneModel
import HoneTensor

/// What part of the machine's best matrix product a training step reaches.
struct PeakMeasurement {
    let size: ModelSize
    let threads: Int
    private let batch = 16
    private let length = 128

    /// Billions of operations a second: of steps, beside those of one large product by the faster of our kernel and
    /// libtorch's, in turn.
    func row(runs: Int, steps: Int) -> SuiteReport.Row {
        Threads.set(intraOp: threads)
        let model = CausalLanguageModel(size.configuration, generator: Generator(seed: 1))
        let training = TrainingMeasurement(model: model, batch: batch, length: length)
        let operations = size.configuration.trainingOperationsPerToken(length: length)
        var (own, peak): ([Double], [Double]) = ([], [])
        for _ in 0..<runs {
            let run = training.run(steps: steps)
            own.append(operations * Double(run.tokens) / run.seconds / 1e9)
            peak.append(Self.peak())
        }
        return SuiteReport.Row(
            name: "train \(size.name), batch \(batch) x \(length), \(threads) thread(s)", unit: "GFLOP/s",
            sample: Sample(own), beside: .init(name: "2048 x 2048 x 2048", sample: Sample(peak)))
    }

    private static func peak() -> Double {
        let product = LinearMeasurement(rows: 2048, inputs: 2048, outputs: 2048)
        let paths = [LinearMeasurement.Path.hone, .aten]
        let speeds = paths.compactMap { product.speeds(.forward, $0, runs: 3)?.max() }
        return 2 * (speeds.max() ?? 0)
    }
}
