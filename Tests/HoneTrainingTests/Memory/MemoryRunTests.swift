import Foundation
import HoneModel
import HoneTensor
import HoneTokenizer
import Testing

@testable import HoneTraining

/// Runs that go on from a model that has learnt sums, to learn differences.
@Suite struct MemoryRunTests {
    static let differences = (0...9).flatMap { a in
        (0...9).map { b in TrainingExample(prompt: "\(a)-\(b)=\n", completion: "\(a - b)") }
    }

    /// A model that has learnt some sums.
    static func learnt(in root: String, steps: Int) async throws -> String {
        var configuration = Fixture.configuration(steps: steps)
        configuration.checkpointInterval = 0
        let session = try await TrainingSession.start(
            configuration, examples: Fixture.sums(0...5), tokenizer: Fixture.tokenizer)
        try await session.run(checkpointsIn: root + "/learnt")
        return Checkpoint.path(root: root + "/learnt", step: steps)
    }

    static func configuration(steps: Int, _ change: (inout SFTConfiguration) -> Void) -> SFTConfiguration {
        var configuration = Fixture.configuration(steps: steps)
        configuration.model = nil
        change(&configuration)
        return configuration
    }

    /// Every way to remember, by name.
    static let methods: [(name: String, apply: @Sendable (inout SFTConfiguration) -> Void)] = [
        ("own answers", { $0.memory = MemoryConfiguration() }),
        (
            "drawn answers",
            {
                $0.memory = MemoryConfiguration()
                $0.memory?.selfAnswers?.temperature = 1
            }
        ),
        (
            "replay",
            {
                $0.memory = only { $0.replay = .init() }
                $0.memory?.replay?.hardShare = 0.3
                $0.memory?.replay?.hardCopies = 3
            }
        ),
        (
            "own answers and honeypots",
            {
                $0.memory = MemoryConfiguration()
                $0.memory?.selfAnswers?.initialShare = 0.25
                $0.memory?.honeypots = .init()
                $0.memory?.honeypots?.exampleCount = 10
                $0.memory?.honeypots?.interval = 3
            }
        ),
        ("elastic weights", { $0.memory = only { $0.elastic = .init() } }),
        ("running mean", { $0.memory = only { $0.averaging = .exponential(decay: 0.8) } }),
        ("interpolation", { $0.memory = only { $0.averaging = .interpolation(share: 0.5) } }),
        ("adapters", { $0.adapters = AdapterConfiguration(rank: 2, alpha: 4) }),
    ]

    @Test(arguments: methods.map(\.name)) func aRunCutOffAndResumedEndsWithTheSameBits(method: String) async throws {
        let apply = try #require(Self.methods.first { $0.name == method }).apply
        try await withTemporaryDirectory { root in
            let start = try await Self.learnt(in: root, steps: 20)
            let configuration = Self.configuration(steps: 7, apply)
            let old = Fixture.sums(0...5)
            let whole = try await TrainingSession.start(
                configuration, from: start, examples: Self.differences, old: old, tokenizer: Fixture.tokenizer)
            try await whole.run(checkpointsIn: root + "/whole")
            for cut in [1, 4, 6] {
                let first = try await TrainingSession.start(
                    configuration, from: start, examples: Self.differences, old: old, tokenizer: Fixture.tokenizer)
                for _ in 0..<cut { _ = try await first.advance() }
                try await first.writeCheckpoint(to: root + "/cut-\(cut)")
                let second = try await TrainingSession.resume(
                    root + "/cut-\(cut)", from: start, configuration: configuration, examples: Self.differences,
                    old: old, tokenizer: Fixture.tokenizer)
                try await second.run(checkpointsIn: root + "/rest-\(cut)")
                #expect(
                    try Fixture.weights(root + "/rest-\(cut)/step-000007")
                        == Fixture.weights(root + "/whole/step-000007"))
            }
        }
    }

    @Test func ownAnswersKeepTheModelNearWhatItWas() async throws {
        try await withTemporaryDirectory { root in
            let start = try await Self.learnt(in: root, steps: 250)
            let old = Fixture.sums(0...5)
            func oldLoss(_ change: (inout SFTConfiguration) -> Void) async throws -> (first: StepReport, loss: Double) {
                let session = try await TrainingSession.start(
                    Self.configuration(steps: 40, change), from: start, examples: Self.differences, old: old,
                    tokenizer: Fixture.tokenizer)
                let first = try await session.advance()
                for _ in 1..<40 { _ = try await session.advance() }
                return (first, try await session.loss(over: old))
            }
            let plain = try await oldLoss { _ in }
            let kept = try await oldLoss { $0.memory = MemoryConfiguration() }
            #expect(plain.first.memory.isEmpty)
            let divergence = try #require(kept.first.memory["old_kl"])
            #expect(abs(divergence) < 1e-6, "the model is where it was")
            #expect(kept.first.metrics["old_kl"] == kept.first.memory["old_kl"])
            #expect(kept.loss < 0.5 * plain.loss, "\(kept.loss) against \(plain.loss)")
        }
    }

    @Test func anInterpolationEndsBetweenWhereTheRunBeganAndWhereItWent() async throws {
        try await withTemporaryDirectory { root in
            let start = try await Self.learnt(in: root, steps: 20)
            func ends(_ change: (inout SFTConfiguration) -> Void) async throws -> [String: Tensor] {
                let session = try await TrainingSession.start(
                    Self.configuration(steps: 5, change), from: start, examples: Self.differences,
                    tokenizer: Fixture.tokenizer)
                let folder = root + "/\(UUID().uuidString)"
                try await session.run(checkpointsIn: folder)
                return try CausalLanguageModel.load(directory: folder + "/step-000005").stateDictionary()
            }
            let before = try CausalLanguageModel.load(directory: start).stateDictionary()
            let plain = try await ends { _ in }
            let between = try await ends { $0.memory = only { $0.averaging = .interpolation(share: 0.25) } }
            for (name, tensor) in between {
                let (from, to) = (try #require(before[name]), try #require(plain[name]))
                #expect(tensor.allClose(from * 0.75 + to * 0.25, rtol: 1e-5, atol: 1e-6), "\(name)")
            }
        }
    }

    @Test func honeypotsMeasureAsTheRunGoesWhatItIsNotShown() async throws {
        try await withTemporaryDirectory { root in
            let start = try await Self.learnt(in: root, steps: 150)
            let old = Fixture.sums(0...5)
            let configuration = Self.configuration(steps: 9) {
                $0.memory = only { $0.honeypots = .init() }
                $0.memory?.honeypots?.exampleCount = 36
                $0.memory?.honeypots?.interval = 4
            }
            let session = try await TrainingSession.start(
                configuration, from: start, examples: Self.differences, old: old, tokenizer: Fixture.tokenizer)
            var found: [Int: Double] = [:]
            for _ in 1...9 {
                let report = try await session.advance()
                found[report.step] = report.memory["honeypot_accuracy"]
                // One of the 36 is left to a memory.
                if let accuracy = found[report.step] {
                    #expect(abs(accuracy - (try await session.accuracy(over: old))) <= 1.0 / 35)
                }
            }
            #expect(found.keys.sorted() == [1, 4, 8, 9])
            #expect(try #require(found[1]) > 0.8, "it had learnt them")
        }
    }

    @Test func adaptersLeaveTheRestAsItWas() async throws {
        try await withTemporaryDirectory { root in
            let start = try await Self.learnt(in: root, steps: 20)
            let configuration = Self.configuration(steps: 5) { $0.adapters = AdapterConfiguration(rank: 2, alpha: 4) }
            let session = try await TrainingSession.start(
                configuration, from: start, examples: Self.differences, tokenizer: Fixture.tokenizer)
            try await session.run(checkpointsIn: root)
            let before = try CausalLanguageModel.load(directory: start).stateDictionary()
            let after = try CausalLanguageModel.load(directory: root + "/step-000005").stateDictionary()
            for (name, tensor) in after {
                let isMatrixOfLayer = name.hasPrefix("model.layers.") && tensor.dim == 2
                let same = tensor.equals(try #require(before[name]))
                #expect(same == !isMatrixOfLayer, "\(name)")
            }
        }
    }

    @Test func whatARunCannotRememberWithIsSaid() async throws {
        try await withTemporaryDirectory { root in
            let start = try await Self.learnt(in: root, steps: 2)
            let configuration = Self.configuration(steps: 5) { $0.memory = MemoryConfiguration() }
            let none = await #expect(throws: TrainingError.self) {
                try await TrainingSession.start(
                    configuration, from: start, examples: Self.differences, tokenizer: Fixture.tokenizer)
            }
            #expect("\(try #require(none))".contains("no old examples"))
            let random = Self.configuration(steps: 5) {
                $0.memory = MemoryConfiguration()
                $0.model = Fixture.modelShape(hiddenSize: 16)
            }
            let lacking = await #expect(throws: TrainingError.self) {
                try await TrainingSession.start(
                    random, examples: Self.differences, old: Fixture.sums(), tokenizer: Fixture.tokenizer)
            }
            #expect("\(try #require(lacking))".contains("wants a checkpoint to start from"))
            let session = try await TrainingSession.start(
                configuration, from: start, examples: Self.differences, old: Fixture.sums(),
                tokenizer: Fixture.tokenizer)
            _ = try await session.advance()
            try await session.writeCheckpoint(to: root + "/cut")
            for (from, old) in [(nil, Fixture.sums()), (start, Fixture.sums(0...3))] as [(String?, [TrainingExample])] {
                await #expect(throws: TrainingError.self) {
                    try await TrainingSession.resume(
                        root + "/cut", from: from, examples: Self.differences, old: old, tokenizer: Fixture.tokenizer)
                }
            }
        }
    }
}

/// A memory of the given parts alone.
private func only(_ change: (inout MemoryConfiguration) -> Void) -> MemoryConfiguration {
    var memory = MemoryConfiguration()
    memory.selfAnswers = nil
    change(&memory)
    return memory
}
