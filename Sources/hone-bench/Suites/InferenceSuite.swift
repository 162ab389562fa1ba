import ArgumentParser
import Foundation
import HoneModel
import HoneTensor

/// Generation speed beside the same model in eager PyTorch.
struct InferenceSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inference", abstract: "Generated tokens per second, beside eager PyTorch on the same model.",
        discussion: "  hone-bench inference --python ~/venv/bin/python --json")

    @OptionGroup var peers: PeerOptions

    func run() async throws {
        var rows: [SuiteReport.Row] = []
        var absent: [String] = []
        try await withModelDirectories(peers.sizes) { size, directory in
            let network = try CausalLanguageModel.load(directory: directory)
            guard let prepared = PreparedModel(network) else {
                throw ValidationError("\(directory): the row engine does not compute this model")
            }
            for threads in peers.threadCounts {
                for batch in [1, 16, 64] {
                    var (own, peer): ([Double], [Double]) = ([], [])
                    for _ in 0..<peers.runs {
                        Threads.set(intraOp: threads)
                        let measurement = GenerationMeasurement(
                            model: prepared, batch: batch, promptLength: 32, newCount: 64)
                        own.append(Double(batch * 64) / measurement.run().seconds)
                        let arguments = [
                            "--model", directory, "--batch", "\(batch)", "--prompt", "32", "--new", "64",
                            "--threads", "\(threads)", "--repeats", "1",
                        ]
                        switch await peers.script("eager_generation.py", arguments) {
                        case .success(let result): peer.append(result.tokens / result.seconds)
                        case .failure(let reason): absent.append(reason.description)
                        }
                    }
                    rows.append(
                        SuiteReport.Row(
                            name: "generate \(size.name), batch \(batch), \(threads) thread(s)", unit: "tokens/s",
                            sample: Sample(own),
                            beside: peer.isEmpty ? nil : .init(name: "eager PyTorch", sample: Sample(peer))))
                }
            }
        }
        let report = SuiteReport(suite: "inference", rows: rows, absent: Array(Set(absent)).sorted())
        try report.show(asJSON: peers.json)
    }
}
