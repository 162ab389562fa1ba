import Foundation
import HoneModel
import HoneTensor
import HoneTokenizer
import Testing

@testable import HoneTraining

@Suite struct RewardTrainerTests {
    private let tokenizer = Fixture.tokenizer

    private func backbone(seed: UInt64 = 1) -> CausalLanguageModel {
        CausalLanguageModel(Fixture.modelShape(hiddenSize: 32), generator: Generator(seed: seed))
    }

    private func configuration(steps: Int) -> RewardConfiguration {
        var configuration = RewardConfiguration(steps: steps)
        configuration.optimizer.learningRate = 3e-3
        configuration.tokensPerBatch = 512
        configuration.seed = 3
        return configuration
    }

    /// Pairs of words of which the one with more "x" is better; of the rest in 0..<100, `flipShare` are told wrongly.
    private func pairs(_ count: Int, seed: UInt64, flipShare: Double = 0) -> [PreferencePair] {
        var random = SplitMix64(seed: seed, stream: 0)
        return (0..<count).map { _ in
            func word(_ xCount: Int, _ length: Int) -> [Int32] {
                var letters = Array(repeating: "x", count: xCount) + Array(repeating: "y", count: length - xCount)
                random.shuffle(&letters)
                return tokenizer.encode(letters.joined()) + [tokenizer.endOfTextID]
            }
            let length = 5 + random.next(below: 4)
            let few = random.next(below: length - 1)
            let many = few + 1 + random.next(below: length - few - 1)
            let (better, worse) = (word(many, length), word(few, length))
            let isFlipped = Double(random.next(below: 1000)) < flipShare * 1000
            return isFlipped
                ? PreferencePair(chosen: worse, rejected: better) : PreferencePair(chosen: better, rejected: worse)
        }
    }

    @Test func `T28: separable pairs are all told apart, also those that it never saw`() async throws {
        let training = pairs(400, seed: 1)
        let run = try await TrainingRun.start { [self] in
            try RewardTrainer(
                configuration(steps: 120), backbone: backbone(), examples: .pairs(training), tokenizer: tokenizer)
        }
        let heldOut = pairs(200, seed: 2)
        let before = try await run.with { try $0.evaluate(.pairs(heldOut)) }
        try await withTemporaryDirectory { try await run.run(checkpointsIn: $0) }
        let (seen, after) = try await run.with { (try $0.evaluate(.pairs(training)), try $0.evaluate(.pairs(heldOut))) }
        #expect(before.accuracy < seen.accuracy)
        #expect(seen.accuracy == 1)
        #expect(after.accuracy >= 0.99)
        #expect(abs(try #require(after.lengthCorrelation)) < 0.5)
    }

    @Test func `a model of flipped labels says how sure it may be`() async throws {
        // One epoch: a second one would learn the flips.
        var oneEpoch = configuration(steps: 60)
        oneEpoch.tokensPerBatch = 1600
        let run = try await TrainingRun.start { [self, oneEpoch] in
            try RewardTrainer(
                oneEpoch, backbone: backbone(), examples: .pairs(pairs(3000, seed: 3, flipShare: 0.2)),
                tokenizer: tokenizer)
        }
        try await withTemporaryDirectory { try await run.run(checkpointsIn: $0) }
        let evaluation = try await run.with { [self] in
            try $0.evaluate(.pairs(pairs(600, seed: 4, flipShare: 0.2)))
        }
        #expect(evaluation.accuracy > 0.7)
        #expect(evaluation.calibrationError < 0.1)
        #expect(evaluation.bins.reduce(0) { $0 + $1.count } == 600)
    }

    /// Steps "a" are right and "b" wrong, each before a line break.
    private func solutions(_ count: Int, seed: UInt64) -> [StepExample] {
        var random = SplitMix64(seed: seed, stream: 0)
        return (0..<count).map { _ in
            let steps = (0..<1 + random.next(below: 4)).map { _ in random.next(below: 4) > 0 ? "aa" : "ab" }
            let text = steps.map { $0 + "\n" }.joined()
            return StepExample(
                tokens: tokenizer.encode(text), separators: steps.indices.map { 3 * $0 + 2 },
                ratings: steps.map { $0 == "aa" ? 1 : -1 })
        }
    }

    @Test func `steps are judged where they end, by the same trainer`() async throws {
        let run = try await TrainingRun.start { [self] in
            try RewardTrainer(
                configuration(steps: 60), backbone: backbone(), examples: .steps(solutions(300, seed: 5)),
                tokenizer: tokenizer)
        }
        try await withTemporaryDirectory { try await run.run(checkpointsIn: $0) }
        let evaluation = try await run.with { [self] in try $0.evaluate(.steps(solutions(100, seed: 6))) }
        #expect(evaluation.accuracy > 0.98)
        #expect(evaluation.lengthCorrelation == nil)
    }

    @Test func `a model that gives all that is held out the same score is no result`() async throws {
        let run = try await TrainingRun.start { [self] in
            let same = StepExample(tokens: tokenizer.encode("aa\n"), separators: [2], ratings: [1])
            return try RewardTrainer(
                configuration(steps: 2), backbone: backbone(), examples: .steps(solutions(20, seed: 5)),
                heldOut: .steps([same, same, same]), tokenizer: tokenizer)
        }
        await #expect(throws: TrainingError.indifferent(judgementCount: 3)) {
            try await withTemporaryDirectory { try await run.run(checkpointsIn: $0) }
        }
    }

    @Test func `a sureness of two is fitted away, and the order stays`() async throws {
        // Many epochs: the model learns the flips by heart, and is surer than it is right.
        let examples = pairs(60, seed: 3, flipShare: 0.25)
        let calibrating = RewardExamples.pairs(pairs(400, seed: 5, flipShare: 0.25))
        func trained(_ calibrating: RewardExamples?) async throws -> TrainingRun<RewardTrainer> {
            let run = try await TrainingRun.start { [self] in
                try RewardTrainer(
                    configuration(steps: 100), backbone: backbone(), examples: .pairs(examples),
                    calibrating: calibrating, tokenizer: tokenizer)
            }
            try await withTemporaryDirectory { try await run.run(checkpointsIn: $0) }
            return run
        }
        let heldOut = RewardExamples.pairs(pairs(600, seed: 4, flipShare: 0.25))
        let plain = try await trained(nil).with { try $0.evaluate(heldOut) }
        let fitted = try await trained(calibrating).with { try $0.evaluate(heldOut) }
        #expect(plain.calibration == nil)
        let calibration = try #require(fitted.calibration)
        #expect(abs(calibration.flipRate - 0.25) < 0.08)
        #expect(calibration.intercept == 0)
        #expect(fitted.accuracy == plain.accuracy)
        #expect(fitted.calibrationError < plain.calibrationError)
        #expect(abs(fitted.scoreDeviation - calibration.slope * plain.scoreDeviation) < 1e-4)
    }

    @Test(arguments: [1, 4, 8])
    func `a run cut off and resumed ends with the same bits, head and all`(cut: Int) async throws {
        try await withTemporaryDirectory { root in
            var configuration = configuration(steps: 8)
            configuration.optimizer.kind = cut == 4 ? .muon : .adamW
            configuration.checkpointInterval = 1
            let examples = RewardExamples.pairs(pairs(60, seed: 1))
            let calibrating = RewardExamples.pairs(pairs(20, seed: 2))
            let whole = try await TrainingRun.start { [self, configuration] in
                try RewardTrainer(
                    configuration, backbone: backbone(), examples: examples, calibrating: calibrating,
                    tokenizer: tokenizer)
            }
            try await whole.run(checkpointsIn: root + "/whole")
            let resumed = try await TrainingRun.start { [self, configuration] in
                try RewardTrainer.resume(
                    Checkpoint.path(root: root + "/whole", step: cut), configuration: configuration,
                    examples: examples, calibrating: calibrating, tokenizer: tokenizer)
            }
            try await resumed.run(checkpointsIn: root + "/resumed")
            if cut == 8 { try await resumed.with { try $0.writeCheckpoint(to: root + "/resumed/step-000008") } }
            for file in ["model", "reward_head", "optimizer"] {
                let paths = ["whole", "resumed"].map { "\(root)/\($0)/step-000008/\(file).safetensors" }
                #expect(try Data(contentsOf: URL(filePath: paths[0])) == Data(contentsOf: URL(filePath: paths[1])))
            }
            #expect(throws: TrainingError.self) {
                try RewardTrainer.resume(
                    Checkpoint.path(root: root + "/whole", step: cut), examples: .pairs(pairs(60, seed: 9)),
                    tokenizer: tokenizer)
            }
        }
    }

    @Test func `examples that cannot be meant are named by their place`() {
        let good = PreferencePair(chosen: [1, 2], rejected: [3])
        let bad: [(PreferencePair, String)] = [
            (PreferencePair(chosen: [], rejected: [1]), "without tokens"),
            (PreferencePair(chosen: [1], rejected: [1]), "to itself"),
            (PreferencePair(chosen: [1, 999], rejected: [1]), "another model's tokenizer"),
            (PreferencePair(chosen: [1], rejected: [2], margin: 1, isTie: true), "is a tie"),
            (PreferencePair(chosen: [1], rejected: [2], weight: 0), "weight of 0"),
            (PreferencePair(chosen: [Int32](repeating: 1, count: 65), rejected: [2]), "65 tokens"),
        ]
        for (pair, reason) in bad {
            let error = #expect(throws: TrainingError.self) {
                try RewardExamples.pairs([good, pair]).validate(vocabularySize: 258, maximumLength: 64)
            }
            #expect(error.map { "\($0)".contains("example 1") && "\($0)".contains(reason) } == true, "\(reason)")
        }
        #expect(throws: TrainingError.self) {
            try RewardExamples.pairs([]).validate(vocabularySize: 258, maximumLength: 64)
        }
    }

    @Test func `a misspelt setting is named with its path`() throws {
        let text = #"{"steps": 10, "optimizer": {"learning_rte": 0.1}}"#
        let error = #expect(throws: TrainingError.self) {
            try JSONDecoder().decode(RewardConfiguration.self, from: Data(text.utf8))
        }
        #expect("\(try #require(error))".contains("\"optimizer.learning_rte\": no such setting"))
        let configuration = configuration(steps: 4)
        let data = try JSONEncoder().encode(configuration)
        #expect(try JSONDecoder().decode(RewardConfiguration.self, from: data) == configuration)
    }
}
