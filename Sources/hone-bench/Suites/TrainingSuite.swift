import ArgumentParser
import Foundation
import HoneModel
import HoneTensor

/// Training speed beside the same model in eager PyTorch.
struct TrainingSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training",
        abstract: "Tokens per second of training steps and of PPO iterations, beside eager PyTorch.",
        discussion: """
              hone-bench training --python ~/venv/bin/python --json
              hone-bench training --peak --model 50m --threads 1     a step beside the machine's matrix product
              hone-bench training --updates 20000                    memory over many updates
            """)

    @OptionGroup var peers: PeerOptions
    @Option(help: "Measured steps of a run.") var steps = 20

    @Option(help: "Measured iterations of PPO of a run.") var iterations = 2
    @Flag(help: "Set steps beside the largest matrix product's speed instead.") var peak = false
    @Option(help: "Watch the memory of so many updates instead.") var updates: Int?

    func run() async throws {
        if let updates {
            return try await MemoryGrowth(updates: updates).report().show(asJSON: peers.json)
        }
        if peak {
            let rows = peers.sizes.flatMap { size in
                peers.threadCounts.map { PeakMeasurement(size: size, threads: $0).row(runs: peers.runs, steps: steps) }
            }
            return try SuiteReport(suite: "training", rows: rows, absent: []).show(asJSON: peers.json)
        }
        let workloads = [
            PPOWorkload.uniform(count: 256, promptLength: 16, answerLength: 32), try .worked(count: 256),
        ]
        var rows: [SuiteReport.Row] = []
        var absent: Set<String> = []
        for size in peers.sizes {
            try await withModelDirectory(size.configuration) { directory in
                for threads in peers.threadCounts {
                    rows.append(try await trainingRow(size, directory, threads, &absent))
                    for workload in workloads {
                        rows.append(try await reinforcementRow(size, directory, threads, workload, &absent))
                    }
                }
            }
        }
        let report = SuiteReport(suite: "training", rows: rows, absent: absent.sorted())
        try report.show(asJSON: peers.json)
    }

    private func trainingRow(
        _ size: ModelSize, _ directory: String, _ threads: Int, _ absent: inout Set<String>
    ) async throws -> SuiteReport.Row {
        try await row("train \(size.name), batch 32 x 64, \(threads) thread(s)", &absent) {
            Threads.set(intraOp: threads)
            let network = try CausalLanguageModel.load(directory: directory)
            let run = TrainingMeasurement(model: network, batch: 32, length: 64).run(steps: steps)
            return Double(run.tokens) / run.seconds
        } peer: {
            await peers.script(
                "eager_training.py",
                [
                    "--model", directory, "--batch", "32", "--length", "64", "--steps", "\(steps)", "--threads",
                    "\(threads)",
                ])
        }
    }

    private func reinforcementRow(
        _ size: ModelSize, _ directory: String, _ threads: Int, _ workload: PPOWorkload, _ absent: inout Set<String>
    ) async throws -> SuiteReport.Row {
        try await workload.withFile { file in
            try await row("PPO \(size.name), \(workload.name), \(threads) thread(s)", &absent) {
                let run = try await PPOMeasurement(directory: directory, workload: workload, threads: threads)
                    .run(iterations: iterations)
                return Double(run.tokens) / run.seconds
            } peer: {
                await peers.script(
                    "eager_ppo.py",
                    [
                        "--model", directory, "--workload", file, "--iterations", "\(iterations)", "--threads",
                        "\(threads)",
                    ])
            }
        }
    }

    /// Both sides in turn, so that what else the machine does falls on both.
    private func row(
        _ name: String, _ absent: inout Set<String>, own: () async throws -> Double,
        peer: () async -> Result<PeerOptions.PeerResult, PeerOptions.PeerFault>
    ) async throws -> SuiteReport.Row {
        var (ownSpeeds, peerSpeeds): ([Double], [Double]) = ([], [])
        for _ in 0..<peers.runs {
            ownSpeeds.append(try await own())
            switch await peer() {
            case .success(let result): peerSpeeds.append(result.tokens / result.seconds)
            case .failure(let reason): absent.insert(reason.description)
            }
        }
        return SuiteReport.Row(
            name: name, unit: "tokens/s", sample: Sample(ownSpeeds),
            beside: peerSpeeds.isEmpty ? nil : .init(name: "eager PyTorch", sample: Sample(peerSpeeds)))
    }
}
