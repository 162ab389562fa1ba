import ArgumentParser
import Foundation
import HoneModel
import HoneTensor

/// Training speed beside the same model in eager PyTorch and in TRL.
struct TrainingSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training",
        abstract: "Tokens per second of training steps and of PPO iterations, beside eager PyTorch and TRL.",
        discussion: """
              hone-bench training --python ~/venv/bin/python --json
              hone-bench training --python ~/venv/bin/python --trl-python ~/trl/bin/python
              hone-bench training --peak --model 50m --threads 1     a step beside the machine's matrix product
              hone-bench training --updates 20000                    memory over many updates
            """)

    @OptionGroup var peers: PeerOptions
    @Option(help: "A Python that has TRL up to 1.12, the last with its PPOTrainer; the other peers' if left out.")
    var trlPython: String?
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
                    rows += try await trainingRows(size, directory, threads, &absent)
                    for workload in workloads {
                        rows += try await reinforcementRows(size, directory, threads, workload, &absent)
                    }
                }
            }
        }
        let report = SuiteReport(suite: "training", rows: rows, absent: absent.sorted())
        try report.show(asJSON: peers.json)
    }

    private func trainingRows(
        _ size: ModelSize, _ directory: String, _ threads: Int, _ absent: inout Set<String>
    ) async throws -> [SuiteReport.Row] {
        let peer = Peer(
            name: Peer.eager, script: "eager_training.py", python: nil,
            arguments: [
                "--model", directory, "--batch", "32", "--length", "64", "--steps", "\(steps)", "--threads",
                "\(threads)",
            ])
        return try await rows("train \(size.name), batch 32 x 64, \(threads) thread(s)", beside: [peer], &absent) {
            Threads.set(intraOp: threads)
            let network = try CausalLanguageModel.load(directory: directory)
            let run = TrainingMeasurement(model: network, batch: 32, length: 64).run(steps: steps)
            return Double(run.tokens) / run.seconds
        }
    }

    private func reinforcementRows(
        _ size: ModelSize, _ directory: String, _ threads: Int, _ workload: PPOWorkload, _ absent: inout Set<String>
    ) async throws -> [SuiteReport.Row] {
        try await workload.withFile { file in
            let arguments = [
                "--model", directory, "--workload", file, "--iterations", "\(iterations)", "--threads", "\(threads)",
            ]
            let both = [
                Peer(name: Peer.eager, script: "eager_ppo.py", python: nil, arguments: arguments),
                Peer(name: "TRL PPOTrainer", script: "trl_ppo.py", python: trlPython, arguments: arguments),
            ]
            return try await rows("PPO \(size.name), \(workload.name), \(threads) thread(s)", beside: both, &absent) {
                let run = try await PPOMeasurement(directory: directory, workload: workload, threads: threads)
                    .run(iterations: iterations)
                return Double(run.tokens) / run.seconds
            }
        }
    }

    /// A program of others that does the same work.
    private struct Peer {
        static let eager = "eager PyTorch"

        let name: String
        let script: String
        /// Nil for the peers' common one.
        let python: String?
        let arguments: [String]
    }

    /// A row for every peer that could run. All sides run in turn, so that what else the machine does falls on each.
    private func rows(
        _ name: String, beside others: [Peer], _ absent: inout Set<String>, own: () async throws -> Double
    ) async throws -> [SuiteReport.Row] {
        var ownSpeeds: [Double] = []
        var speeds: [String: [Double]] = [:]
        for _ in 0..<peers.runs {
            ownSpeeds.append(try await own())
            for peer in others {
                switch await peers.script(peer.script, peer.arguments, python: peer.python) {
                case .success(let result): speeds[peer.name, default: []].append(result.tokens / result.seconds)
                case .failure(let reason): absent.insert(reason.description)
                }
            }
        }
        let sample = Sample(ownSpeeds)
        let measured = others.compactMap { peer in
            speeds[peer.name].map { SuiteReport.Beside(name: peer.name, sample: Sample($0)) }
        }
        let beside: [SuiteReport.Beside?] = measured.isEmpty ? [nil] : measured
        return beside.map { SuiteReport.Row(name: name, unit: "tokens/s", sample: sample, beside: $0) }
    }
}
