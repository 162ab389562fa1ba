internal import HoneTensor
internal import HoneTokenizer

/// How well held-out examples are written.
struct ProbeResult: Equatable {
    /// Share of examples of which greedy decoding would write the whole completion, end token included.
    var accuracy: Double
    /// Mean loss of a completion's token, in nats.
    var loss: Double

    func mixed(with other: ProbeResult, share: Double) -> ProbeResult {
        ProbeResult(
            accuracy: accuracy + share * (other.accuracy - accuracy), loss: loss + share * (other.loss - loss))
    }
}

extension SFTTrainer {
    /// Measures some examples of a set in one pass each.
    ///
    /// Greedy decoding writes an example's completion exactly when each of its tokens is the likeliest one after those
    /// before, so nothing needs to be generated.
    func measure(_ members: [Int32], of set: TrainingSet) -> ProbeResult {
        noGrad {
            var plan = BatchPlan(set: set, members: members, tokensPerBatch: configuration.tokensPerBatch, seed: 0)
            var (loss, tokenCount, rightCount) = (0.0, 0, 0)
            for number in 0..<plan.batchCount {
                let examples = plan.batch(atStep: number)
                let batch = TokenBatch(examples, of: set)
                let logits_NV = batch.logits_NV(model)
                let count = batch.targets_N.count
                loss += logits_NV.crossEntropy(batch.targets_N).item() * Double(count)
                tokenCount += count
                let isRight = (logits_NV.argmax(dim: -1) .== batch.targets_N).toArray(Bool.self)
                var start = 0
                for example in examples {
                    let entry = set.entries[Int(example)]
                    let end = start + Int(entry.count - max(entry.promptCount, 1))
                    rightCount += isRight[start..<end].allSatisfy { $0 } ? 1 : 0
                    start = end
                }
            }
            return ProbeResult(
                accuracy: Double(rightCount) / Double(members.count), loss: loss / Double(tokenCount))
        }
    }
}
