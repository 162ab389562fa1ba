import ArgumentParser
import Foundation
import HoneModel
import HoneTensor

/// Training speed beside the same model in eager PyTorch.
struct TrainingSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training", abstract: "Training tokens per second, beside eager PyTorch on the same model.",
        discussion: "  hone-bench training --python ~/venv/bin/python --json")

    @OptionGroup var peers: PeerOptions
    @Option(help: "Measured steps of a run.") var steps = 20

    func run() async throws {
        var rows: [SuiteReport.Row] = []
        var absent: [String] = []
        try await withModelDirectories(peers.sizes) { size, directory in
            for threads in peers.threadCounts {
                var (own, peer): ([Double], [Double]) = ([], [])
                for _ in 0..<peers.runs {
                    Threads.set(intraOp: threads)
                    let network = try CausalLanguageModel.load(directory: directory)
                    let run = TrainingMeasurement(model: network, batch: 32, length: 64).run(steps: steps)
                    own.append(Double(run.tokens) / run.seconds)
                    let arguments = [
                        "--model", directory, "--batch", "32", "--length", "64", "--steps", "\(steps)",
                        "--threads", "\(threads)",
                    ]
                    switch await peers.script("eager_training.py", arguments) {
                    case .success(let result): peer.append(result.tokens / result.seconds)
                    case .failure(let reason): absent.append(reason.description)
                    }
                }
                rows.append(
                    SuiteReport.Row(
                        name: "train \(size.name), batch 32 x 64, \(threads) thread(s)", unit: "tokens/s",
                        sample: Sample(own),
                        beside: peer.isEmpty ? nil : .init(name: "eager PyTorch", sample: Sample(peer))))
            }
        }
        let report = SuiteReport(suite: "training", rows: rows, absent: Array(Set(absent)).sorted())
        try report.show(asJSON: peers.json)
    }
}
