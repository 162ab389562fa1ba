import Foundation
import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer
import Synchronization
import Testing

@testable import HoneTraining

@Suite struct TrainingSessionTests {
    /// Runs to the end and returns the bytes of the last weights.
    private func uninterrupted(_ configuration: SFTConfiguration, in root: String) async throws -> Data {
        let session = try await TrainingSession.start(
            configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
        try await session.run(checkpointsIn: root)
        return try Fixture.weights(root + "/step-" + String(repeating: "0", count: 4) + "\(configuration.steps)")
    }

    @Test func aSmallSetIsLearntByHeart() async throws {
        try await withTemporaryDirectory { root in
            var configuration = Fixture.configuration(steps: 200, hiddenSize: 48)
            configuration.checkpointInterval = 0
            configuration.tokensPerBatch = 512
            let examples = Fixture.sums(0...5)
            let session = try await TrainingSession.start(
                configuration, examples: examples, tokenizer: Fixture.tokenizer)
            let before = try await session.loss(over: examples)
            try await session.run(checkpointsIn: root)
            let after = try await session.loss(over: examples)
            #expect(before > 4 && after < 0.05)

            let model = try CausalLanguageModel.load(directory: root + "/step-000200")
            let engine = GenerationEngine(model: model, tokenizer: Fixture.tokenizer)
            let results = try await engine.generate(
                examples.map {
                    GenerationRequest(prompt: Fixture.tokenizer.encode($0.prompt), maximumNewTokens: 8)
                })
            let rightCount = zip(results, examples).count { $0.text == $1.completion && $0.finishReason == .stop }
            #expect(rightCount >= 35)
        }
    }

    @Test func `a run of sliding and hierarchical layers that is cut off ends with the same bits, and generates`()
        async throws
    {
        try await withTemporaryDirectory { root in
            var configuration = Fixture.configuration(steps: 12)
            configuration.model?.attention = [.sliding(window: 3), .hierarchical(window: 4, block: 2, selected: 1)]
            let expected = try await uninterrupted(configuration, in: root + "/whole")
            let session = try await TrainingSession.start(
                configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            for _ in 0..<2 { _ = try await session.advance() }
            try await session.writeCheckpoint(to: root + "/cut")
            let resumed = try await TrainingSession.resume(
                root + "/cut", configuration: configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            try await resumed.run(checkpointsIn: root + "/resumed")
            #expect(try Fixture.weights(root + "/resumed/step-000012") == expected)

            let model = try CausalLanguageModel.load(directory: root + "/resumed/step-000012")
            let requests = Fixture.sums().map {
                GenerationRequest(prompt: Fixture.tokenizer.encode($0.prompt), maximumNewTokens: 24)
            }
            let engine = GenerationEngine(model: model, tokenizer: Fixture.tokenizer)
            let together = try await engine.generate(requests)
            for i in [0, 41, 99] {
                let alone = try await engine.generate([requests[i]])
                #expect(alone[0].tokens == together[i].tokens)
                #expect(alone[0].logProbs == together[i].logProbs || !Torch.computesTokensAlike)
            }
        }
    }

    @Test(arguments: [1, 4, 7, 11], [.muon, .adamW] as [SFTConfiguration.Optimizer])
    func aRunCutOffAndResumedEndsWithTheSameBits(
        cut: Int, optimizer: SFTConfiguration.Optimizer
    ) async throws {
        try await withTemporaryDirectory { root in
            var configuration = Fixture.configuration(steps: 12)
            configuration.optimizer = optimizer
            let expected = try await uninterrupted(configuration, in: root + "/whole")
            let first = try await TrainingSession.start(
                configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            await #expect(throws: CutOff.self) {
                try await first.run(checkpointsIn: root) { if $0.step == cut { throw CutOff() } }
            }
            try await first.writeCheckpoint(to: root + "/cut")
            let second = try await TrainingSession.resume(
                root + "/cut", configuration: configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            #expect(await second.step == cut)
            try await second.run(checkpointsIn: root)
            #expect(try Fixture.weights(root + "/step-000012") == expected)
        }
    }

    @Test func aRunWithDropoutAndPromptLossResumedEndsWithTheSameBits() async throws {
        try await withTemporaryDirectory { root in
            var configuration = Fixture.configuration(steps: 12)
            let plain = try await uninterrupted(configuration, in: root + "/plain")
            configuration.dropout = 0.2
            configuration.promptLoss = 0.3
            let expected = try await uninterrupted(configuration, in: root + "/whole")
            #expect(expected != plain)
            let resumed = try await TrainingSession.resume(
                root + "/whole/step-000008", configuration: configuration, examples: Fixture.sums(),
                tokenizer: Fixture.tokenizer)
            try await resumed.run(checkpointsIn: root)
            #expect(try Fixture.weights(root + "/step-000012") == expected)
        }
    }

    @Test func aModelThatLearnsThePromptsForeseesThem() async throws {
        func lossOfPrompts(weight: Double) async throws -> Double {
            var configuration = Fixture.configuration(steps: 60)
            configuration.checkpointInterval = 0
            configuration.promptLoss = weight
            let session = try await TrainingSession.start(
                configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            for _ in 0..<60 { _ = try await session.advance() }
            // The prompts' own tokens as completions of their first.
            return try await session.loss(
                over: Fixture.sums().map { TrainingExample(prompt: "", completion: $0.prompt) })
        }
        let (without, with) = (try await lossOfPrompts(weight: 0), try await lossOfPrompts(weight: 1))
        #expect(with < without - 1)
    }

    @Test func aRunResumedFromAnOlderCheckpointEndsWithTheSameBits() async throws {
        try await withTemporaryDirectory { root in
            let configuration = Fixture.configuration(steps: 12)
            let expected = try await uninterrupted(configuration, in: root)
            let resumed = try await TrainingSession.resume(
                root + "/step-000004", examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            // Writes over the checkpoints that are there already.
            try await resumed.run(checkpointsIn: root)
            #expect(try Fixture.weights(root + "/step-000012") == expected)
        }
    }

    @Test func aCheckpointHoldsWhatOthersNeed() async throws {
        try await withTemporaryDirectory { root in
            let written = Mutex<[Checkpoint]>([])
            let session = try await TrainingSession.start(
                Fixture.configuration(steps: 6), examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            try await session.run(
                checkpointsIn: root, onCheckpoint: { checkpoint in written.withLock { $0.append(checkpoint) } })
            #expect(written.withLock { $0 }.map(\.step) == [4, 6])
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: root).sorted() == ["step-000004", "step-000006"])
            let files = try FileManager.default.contentsOfDirectory(atPath: root + "/step-000006").sorted()
            #expect(
                files == [
                    "config.json", "generation_config.json", "model.safetensors", "optimizer.safetensors",
                    "tokenizer.json", "tokenizer_config.json", "training_state.json",
                ])
        }
    }

    @Test func otherExamplesAreNoticedOnResume() async throws {
        try await withTemporaryDirectory { root in
            let session = try await TrainingSession.start(
                Fixture.configuration(steps: 4), examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            try await session.run(checkpointsIn: root)
            var changed = Fixture.sums()
            changed.swapAt(3, 4)
            await #expect(throws: TrainingError.self) {
                _ = try await TrainingSession.resume(
                    root + "/step-000004", examples: changed, tokenizer: Fixture.tokenizer)
            }
        }
    }

    @Test(arguments: ["model.safetensors", "optimizer.safetensors", "training_state.json"])
    func aDamagedCheckpointIsRefused(file: String) async throws {
        try await withTemporaryDirectory { root in
            let session = try await TrainingSession.start(
                Fixture.configuration(steps: 4), examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            try await session.run(checkpointsIn: root)
            let path = URL(filePath: root + "/step-000004/" + file)
            var bytes = try Data(contentsOf: path)
            bytes[bytes.count - 20] ^= 4
            try bytes.write(to: path)
            await #expect(throws: (any Error).self) {
                _ = try await TrainingSession.resume(
                    root + "/step-000004", examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            }
        }
    }

    @Test func aLossThatIsNoNumberStopsTheRun() async throws {
        var configuration = Fixture.configuration(steps: 50)
        configuration.optimizer = .adamW
        configuration.learningRate = 1e30
        configuration.clipNorm = 0
        configuration.warmUpSteps = 0
        let session = try await TrainingSession.start(
            configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
        let error = await #expect(throws: TrainingError.self) {
            for _ in 0..<50 { _ = try await session.advance() }
        }
        let text = "\(try #require(error))"
        #expect(text.contains("lower learning_rate") && text.contains(" on rows "), "\(text)")
    }

    @Test func aLossFarAboveChanceStopsTheRunAndNamesItsBatch() throws {
        let check = StepCheck(step: 7, batch: BatchName(rows: Array(10..<20)))
        try check.requireSound(loss: 100, chance: 5)
        let error = #expect(throws: TrainingError.self) { try check.requireSound(loss: 200, chance: 5) }
        let expected = TrainingError.exploded(step: 7, loss: 200, limit: 150, batch: BatchName(rows: Array(10..<20)))
        #expect(error == expected)
        #expect("\(expected)".contains("step 7: the loss is 200.0 on rows 10, 11, 12, 13, 14, 15, 16, 17 and 2 more"))
        let named = expected.namingRows(BatchName(.labelTask, (0..<20).map { $0 * 100 }))
        #expect("\(named)".contains("on label tasks 1000, 1100,"))
    }

    @Test func cancellationEndsBetweenSteps() async throws {
        try await withTemporaryDirectory { root in
            let session = try await TrainingSession.start(
                Fixture.configuration(steps: 1000), examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            let task = Task {
                try await session.run(checkpointsIn: root) { _ in withUnsafeCurrentTask { $0?.cancel() } }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(await session.step == 1)
        }
    }

    @Test func aPhaseOfTheCurriculumSeesItsLevelsAlone() async throws {
        var configuration = Fixture.configuration(steps: 4)
        configuration.curriculum = [.init(steps: 2, levels: [7]), .init(steps: 2, levels: nil)]
        await #expect(throws: TrainingError.self) {
            _ = try await TrainingSession.start(
                configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
        }
        configuration.curriculum[0].levels = [1]
        let session = try await TrainingSession.start(
            configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
        #expect(try await session.advance().tokens > 0)
    }
}

/// Stands for a process that is killed.
struct CutOff: Error {}
