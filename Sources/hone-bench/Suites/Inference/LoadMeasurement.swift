import ArgumentParser
import Foundation
import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer
import Subprocess
import Synchronization

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// How long a model takes from its directory to the first token, its file in the page cache, and how long a batch
/// stands still while its weights are exchanged.
struct LoadMeasurement {
    let directory: String
    let shape: ServedShape
    let precision: ServedPrecision
    let threads: Int
    let runs: Int

    func rows() async throws -> [SuiteReport.Row] {
        let name = "\(shape.rawValue) \(precision.rawValue)"
        _ = try await processSeconds()
        var (process, loading, packing): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<runs {
            process.append(try await processSeconds())
            let start = ContinuousClock.now
            let network = try CausalLanguageModel.load(directory: directory)
            loading.append((ContinuousClock.now - start) / .seconds(1))
            let loaded = ContinuousClock.now
            _ = PreparedModel(network, precision.plan(for: network.configuration))
            packing.append((ContinuousClock.now - loaded) / .seconds(1))
        }
        let swap = try await exchange()
        return [
            SuiteReport.Row(
                name: "a new process to its first token, \(name)", unit: "s", sample: Sample(process), beside: nil),
            SuiteReport.Row(name: "of it reading weights, \(name)", unit: "s", sample: Sample(loading), beside: nil),
            SuiteReport.Row(name: "of it packing them, \(name)", unit: "s", sample: Sample(packing), beside: nil),
            SuiteReport.Row(
                name: "the step that takes other weights, \(name)", unit: "ms", sample: Sample([swap.taking * 1000]),
                beside: .init(name: "median step", sample: Sample([swap.median * 1000]))),
            SuiteReport.Row(
                name: "the longest step while they are packed, \(name)", unit: "ms",
                sample: Sample([swap.longest * 1000]),
                beside: .init(name: "median step", sample: Sample([swap.median * 1000]))),
        ]
    }

    /// A process that reads a prompt of 32 tokens and writes one.
    private func processSeconds() async throws -> Double {
        let start = ContinuousClock.now
        let run = try await Subprocess.run(
            .path("/proc/self/exe"),
            arguments: [
                "generate", "--model", directory, "--dtype", precision.rawValue, "--batch", "1", "--prompt", "32",
                "--new", "1", "--repeats", "1", "--threads", "\(threads)",
            ],
            output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
        guard run.terminationStatus.isSuccess else { throw ValidationError("generate: \(run.standardError)") }
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private struct Exchange {
        let median: Double
        let longest: Double
        let taking: Double
    }

    /// 16 rows are written while another thread packs other weights and hands them over.
    private func exchange() async throws -> Exchange {
        let plan = precision.plan(for: shape.configuration)
        let engine = GenerationEngine(
            model: try CausalLanguageModel.load(directory: directory), tokenizer: ByteTokenizer(), endTokens: [],
            threads: threads, precision: plan)
        let requests = (0..<16).map { GenerationRequest(prompt: [Int32($0)], maximumNewTokens: 1500) }
        let ends = Mutex<[ContinuousClock.Instant]>([])
        let (steps, saysStep) = AsyncStream<Void>.makeStream()
        async let answers = engine.generate(
            requests,
            onStep: { _ in
                ends.withLock { $0.append(.now) }
                saysStep.yield()
            })
        for await _ in steps.prefix(50) {}
        let begin = ends.withLock { $0.count }
        guard try engine.replaceWeights(by: CausalLanguageModel.load(directory: directory), version: 1) else {
            throw ValidationError("the row engine does not compute \(shape.rawValue)")
        }
        let taken = try await answers[0].weightSpans[0].tokenCount
        let times = ends.withLock { $0 }
        let durations = zip(times.dropFirst(), times).map { ($0 - $1) / .seconds(1) }
        return Exchange(
            median: Sample(Array(durations[..<begin])).median,
            longest: durations[begin..<max(begin + 1, taken)].max() ?? 0,
            taking: durations[taken - 1])
    }
}
