import HoneModel
import HoneTensor
import HoneTokenizer
import Testing

@testable import HoneTraining

/// Sequences of all lengths stand one behind the other in what is computed at once; it must not be felt.
@Suite struct PackingTests {
    private let model = PolicyFixture.model()

    private func gradients(_ parameters: [Tensor], _ losses: () -> [Tensor]) -> [Tensor] {
        for parameter in parameters { parameter.grad = nil }
        for loss in losses() { loss.backward() }
        return parameters.compactMap(\.grad)
    }

    private func expectEqual(_ a: [Tensor], _ b: [Tensor], _ comment: Comment) {
        #expect(a.count == b.count && !a.isEmpty)
        for (one, other) in zip(a, b) {
            let scale: Double = max(one.abs().max().item(), 1e-3)
            #expect((one - other).abs().max().item() <= 1e-6 * scale + 1e-8, comment)
        }
    }

    private let examples = ["1+1=\n", "what is 20 + 22?\n", "?", "a longer one, of forty tokens or about\n"].map {
        TrainingExample(prompt: $0, completion: "\($0.count)#", level: 1)
    }

    @Test func `T22: packed and unpacked examples give a supervised run the same gradients`() throws {
        let set = try TrainingSet(examples, tokenizer: Fixture.tokenizer, maximumLength: 64)
        model.requireGrad()
        func losses(_ batches: [[Int32]]) -> [Tensor] {
            batches.map {
                let batch = TokenBatch($0, of: set)
                return batch.logits_NV(model).crossEntropy(batch.targets_N, reduction: .sum)
            }
        }
        let packed = gradients(model.parameters) { losses([[0, 1, 2, 3]]) }
        expectEqual(packed, gradients(model.parameters) { losses([[0], [1], [2], [3]]) }, "one by one")
        expectEqual(packed, gradients(model.parameters) { losses([[3, 0], [2, 1]]) }, "two by two")
    }

    @Test func `T22: packed and unpacked answers give a reward model the same gradients`() {
        let reward = ScoringModel(.reward, on: model, generator: Generator(seed: 2))
        reward.requireGrad()
        let rows = examples.map { Fixture.tokenizer.encode($0.prompt) }
        func losses(_ batches: [[[Int32]]]) -> [Tensor] {
            batches.map {
                let batch = RewardBatch(lastTokensOf: $0)
                return reward.scores(batch.line, at: batch.positions_N).pow(2).sum()
            }
        }
        let packed = gradients(reward.parameters) { losses([rows]) }
        expectEqual(packed, gradients(reward.parameters) { losses(rows.map { [$0] }) }, "one by one")
    }

    @Test(arguments: [0, 7, 50]) func `T20: filling behind a sequence changes nothing of it`(count: Int) {
        model.requireGrad()
        let rows = examples.prefix(2).map { Fixture.tokenizer.encode($0.prompt) }
        func run(filling: Int) -> [Tensor] {
            let filled = rows.map { $0 + [Int32](repeating: 257, count: min(filling, 64 - $0.count)) }
            let last = Tensor([rows[0].count - 1, filled[0].count + rows[1].count - 1])
            let hidden = model.hiddenStates(TokenLine(filled), at: last)
            return [hidden.detach()] + gradients(model.parameters) { [model.logits(hidden).pow(2).sum()] }
        }
        let (plain, filled) = (run(filling: 0), run(filling: count))
        #expect(plain[0].equals(filled[0]))
        expectEqual(plain, filled, "\(count) tokens of filling")
    }

    @Test func `the places that are asked for have the bits of a pass over all`() {
        let line = TokenLine(examples.map { Fixture.tokenizer.encode($0.prompt) })
        let places = Tensor([2, 0, 9, line.tokenCount - 1])
        noGrad {
            #expect(model.hiddenStates(line, at: places).equals(model.hiddenStates(line).indexSelect(0, places)))
        }
    }
}
