import HoneTensor
import Testing

@testable import HoneTraining

/// PPO from this module's parts on decision processes small enough to solve exactly.
@Suite struct KnownOptimumTests {
    @Test func `PPO finds the best arm of a bandit within 1 percent of the optimum`() {
        let arms = DecisionProcess(horizon: 1, stateCount: 1, actionCount: 5) { _, action in
            ([0.1, 0.5, 0.9, 0.3, 0.85][action], 0)
        }
        var learner = TabularPPO(arms, seed: 1)
        for _ in 0..<150 { learner.advance() }
        #expect(arms.optimum == 0.9)
        #expect(arms.expectedReturn(of: learner.probabilities) > 0.99 * arms.optimum)
    }

    @Test func `PPO solves a chain whose small reward is near and whose large one is far within 1 percent`() {
        // Right leads one state on and pays only at the end; left pays a little and leads back to the start.
        let chain = DecisionProcess(horizon: 10, stateCount: 5, actionCount: 2) { state, action in
            action == 0 ? (0.2, 0) : (state == 4 ? 1 : 0, min(state + 1, 4))
        }
        var learner = TabularPPO(chain, seed: 2)
        let before = chain.expectedReturn(of: learner.probabilities)
        for _ in 0..<150 { learner.advance() }
        // Four steps to the end and six rewards there; the last step may as well go left from anywhere else.
        #expect(chain.optimum == 6)
        #expect(before < 0.5 * chain.optimum)
        #expect(chain.expectedReturn(of: learner.probabilities) > 0.99 * chain.optimum)
    }
}

/// A deterministic decision process of a fixed length that starts in state 0.
private struct DecisionProcess {
    let horizon: Int
    let stateCount: Int
    let actionCount: Int
    let move: (_ state: Int, _ action: Int) -> (reward: Double, next: Int)

    func place(_ t: Int, _ state: Int) -> Int { t * stateCount + state }

    /// The best return, by dynamic programming from the end.
    var optimum: Double { value { $0.max() ?? 0 } }

    /// The return of a policy given as probabilities at every place and action.
    func expectedReturn(of probabilities: [Double]) -> Double {
        var row = horizon * stateCount
        return value { values in
            row -= 1
            return zip(values.indices, values).reduce(0) { $0 + probabilities[row * actionCount + $1.0] * $1.1 }
        }
    }

    /// Works from the last place to the first.
    private func value(_ pick: ([Double]) -> Double) -> Double {
        var next = [Double](repeating: 0, count: stateCount)
        for _ in 0..<horizon {
            var values = next
            for state in (0..<stateCount).reversed() {
                values[state] = pick(
                    (0..<actionCount).map { action in
                        let (reward, following) = move(state, action)
                        return reward + next[following]
                    })
            }
            next = values
        }
        return next[0]
    }
}

/// A table of logits and one of values, trained by the parts of the PPO trainer.
private struct TabularPPO {
    private let process: DecisionProcess
    private let logits_PA: Tensor
    private let values_P: Tensor
    private let optimizer: AdamW
    private var random: SplitMix64
    private let episodeCount = 64

    init(_ process: DecisionProcess, seed: UInt64) {
        self.process = process
        let placeCount = process.horizon * process.stateCount
        logits_PA = Tensor.zeros([placeCount, process.actionCount]).requiringGrad()
        values_P = Tensor.zeros([placeCount]).requiringGrad()
        optimizer = AdamW(
            [NamedParameter(name: "logits", tensor: logits_PA), NamedParameter(name: "values", tensor: values_P)],
            learningRate: 0.05, eps: 1e-5, weightDecay: 0)
        random = SplitMix64(seed: seed, stream: 0)
    }

    var probabilities: [Double] { logits_PA.softmax(dim: -1).toArray(Double.self) }

    private struct Batch {
        var places: [Int] = []
        var actions: [Int] = []
        var rewards: [Float] = []
    }

    private mutating func sample() -> Batch {
        let probabilities = probabilities
        var batch = Batch()
        for _ in 0..<episodeCount {
            var state = 0
            for t in 0..<process.horizon {
                let place = process.place(t, state)
                var draw = Double(random.next() >> 11) * 0x1p-53
                var action = 0
                while action < process.actionCount - 1, draw >= probabilities[place * process.actionCount + action] {
                    draw -= probabilities[place * process.actionCount + action]
                    action += 1
                }
                let (reward, next) = process.move(state, action)
                batch.places.append(place)
                batch.actions.append(action)
                batch.rewards.append(Float(reward))
                state = next
            }
        }
        return batch
    }

    private func logProbs(_ batch: Batch) -> Tensor {
        TokenDistribution(
            logits_NV: logits_PA.indexSelect(0, Tensor(batch.places)), targets_N: Tensor(batch.actions), temperature: 1
        ).logProbs_N.view(episodeCount, process.horizon)
    }

    private func values(_ batch: Batch) -> Tensor {
        values_P.indexSelect(0, Tensor(batch.places)).view(episodeCount, process.horizon)
    }

    mutating func advance() {
        let batch = sample()
        let mask = Tensor.ones([episodeCount, process.horizon])
        let (old, oldValues) = noGrad { (logProbs(batch), values(batch)) }
        let (raw, returns) = GeneralizedAdvantage().estimate(
            rewards_BT: Tensor(batch.rewards, shape: mask.shape), values_BT: oldValues, mask_BT: mask)
        let advantages = Whitening()(raw, mask: mask)
        let totals = LossAggregation.Totals(mask_BT: mask, maximumLength: process.horizon)
        let weights = LossAggregation.tokenMean.weights(mask_BT: mask, of: totals)
        for _ in 0..<4 {
            let terms = PolicyLoss().terms(
                logProbs_BT: logProbs(batch), old_BT: old, advantages_BT: advantages, mask_BT: mask)
            let errors = ValueLoss(clip: nil).terms(
                values_BT: values(batch), old_BT: oldValues, returns_BT: returns)
            optimizer.zeroGrad()
            ((terms.loss_BT + errors) * weights).sum().backward()
            optimizer.step()
        }
    }
}
