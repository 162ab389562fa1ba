import Foundation
import HoneModel
import HoneTensor
import HoneTokenizer
import Testing

@testable import HoneTraining

@Suite struct DirectPreferenceTrainerTests {
    private let tokenizer = Fixture.tokenizer

    /// "yes" is liked better than "no", whatever is asked.
    private var pairs: [AnswerPair] {
        (0..<40).map { number in
            AnswerPair(
                prompt: tokenizer.encode("\(number)?\n"), chosen: tokenizer.encode("yes") + [tokenizer.endOfTextID],
                rejected: tokenizer.encode(number % 2 == 0 ? "no" : "never") + [tokenizer.endOfTextID])
        }
    }

    private func configuration(_ steps: Int) -> DirectPreferenceConfiguration {
        var configuration = DirectPreferenceConfiguration(steps: steps)
        configuration.tokensPerBatch = 512
        configuration.optimizer.learningRate = 2e-3
        configuration.checkpointInterval = 1
        configuration.seed = 4
        return configuration
    }

    private func trainer(_ configuration: DirectPreferenceConfiguration) throws -> DirectPreferenceTrainer {
        try DirectPreferenceTrainer(
            configuration, policy: PolicyFixture.model(), pairs: pairs, tokenizer: tokenizer)
    }

    @Test(arguments: DirectPreferenceConfiguration.Loss.allCases)
    func `it starts where the loss knows nothing and learns what is liked`(
        _ loss: DirectPreferenceConfiguration.Loss
    ) throws {
        var configuration = configuration(25)
        configuration.loss = loss
        let trainer = try trainer(configuration)
        let first = try trainer.advance()
        // Policy and reference are one: every log-ratio is 0.
        #expect(abs(first.loss - (loss == .dpo ? log(2) : 25)) < 1e-4)
        #expect(abs(first.margin) < 1e-6)
        var last = first
        while !trainer.isDone { last = try trainer.advance() }
        #expect(last.accuracy == 1)
        #expect(last.margin > 0.1)
        #expect(last.loss < first.loss)
    }

    @Test(arguments: [1, 3]) func `a run cut off and resumed ends with the same bits`(cut: Int) throws {
        let whole = try trainer(configuration(5))
        let root = FileManager.default.temporaryDirectory.path + "/hone-dpo-\(UUID().uuidString)"
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: root) } }
        while !whole.isDone {
            _ = try whole.advance()
            try whole.writeCheckpoint(to: Checkpoint.path(root: root + "/whole", step: whole.step))
        }
        let resumed = try DirectPreferenceTrainer.resume(
            Checkpoint.path(root: root + "/whole", step: cut), reference: PolicyFixture.model(),
            configuration: configuration(5), pairs: pairs, tokenizer: tokenizer)
        while !resumed.isDone { _ = try resumed.advance() }
        try resumed.writeCheckpoint(to: root + "/resumed")
        for file in ["model", "optimizer"] {
            let paths = ["\(Checkpoint.path(root: root + "/whole", step: 5))", root + "/resumed"]
            let bits = try paths.map { try Data(contentsOf: URL(filePath: "\($0)/\(file).safetensors")) }
            #expect(bits[0] == bits[1])
        }
        #expect(throws: TrainingError.self) {
            try DirectPreferenceTrainer.resume(
                Checkpoint.path(root: root + "/whole", step: cut), reference: PolicyFixture.model(seed: 2),
                pairs: pairs, tokenizer: tokenizer)
        }
    }

    @Test func `a pair that cannot be meant is named by its place`() {
        let good = AnswerPair(prompt: [1], chosen: [2], rejected: [3])
        let bad: [(AnswerPair, String)] = [
            (AnswerPair(prompt: [1], chosen: [2], rejected: [2]), "to itself"),
            (AnswerPair(prompt: [], chosen: [2], rejected: [3]), "without tokens"),
            (AnswerPair(prompt: [1], chosen: [999], rejected: [3]), "another model's tokenizer"),
            (AnswerPair(prompt: [1], chosen: [2], rejected: [3], weight: 0), "weight of 0"),
            (AnswerPair(prompt: [Int32](repeating: 1, count: 64), chosen: [2], rejected: [3]), "65 tokens"),
        ]
        for (pair, reason) in bad {
            let error = #expect(throws: TrainingError.self) {
                try AnswerPairs([good, pair], vocabularySize: 258, maximumLength: 64)
            }
            #expect(error.map { "\($0)".contains("example 1") && "\($0)".contains(reason) } == true, "\(reason)")
        }
    }
}
