internal import Foundation

/// Draws the stage of every step, and its examples, by a ``LevelSchedule``.
///
/// A draw is a function of the seed, the step and the state; the state moves with the steps learnt and the probes, and
/// is part of a checkpoint. So a run that is resumed draws the same examples as one that was never cut off.
struct CurriculumSampler {
    /// What a run carries from step to step.
    struct State: Codable, Equatable {
        /// The stage that is being learnt, from 0.
        var stage = 0
        /// Steps done when it began.
        var stageStart = 0
        /// Between the stages, from 0; the adaptive rule moves it.
        var difficulty = 0.0
        /// Batches taken of every stage, which is the cursor in its examples.
        var batchCounts: [Int]
        /// The last probe's of every stage, under the rule `deficit`.
        var accuracies: [Double]

        init(stageCount: Int) {
            batchCounts = [Int](repeating: 0, count: stageCount)
            accuracies = [Double](repeating: 0, count: stageCount)
        }

        enum CodingKeys: String, CodingKey {
            case stage
            case stageStart = "stage_start"
            case difficulty, accuracies
            case batchCounts = "batch_counts"
        }
    }

    let schedule: LevelSchedule
    private(set) var state: State
    private let seed: UInt64
    private var plans: [BatchPlan]
    /// Held-out examples of every stage.
    private let probes: [[Int32]]

    /// - Throws: `TrainingError.noExamples` or `.configuration` for a stage with too few examples.
    init(_ schedule: LevelSchedule, set: TrainingSet, tokensPerBatch: Int, seed: UInt64) throws(TrainingError) {
        self.schedule = schedule
        self.seed = seed
        state = State(stageCount: schedule.stages.count)
        let members = schedule.stages.map { levels in
            set.entries.indices.filter { levels.contains(Int(set.entries[$0].level)) }.map(Int32.init)
        }
        var heldOut: Set<Int32> = []
        var probes: [[Int32]] = []
        for (number, ofStage) in members.enumerated() {
            guard schedule.rule != .uniform else { break }
            var random = SplitMix64(seed: seed &+ 0x2545_F491_4F6C_DD1D, stream: UInt64(number))
            var order = ofStage
            random.shuffle(&order)
            let probe = order.prefix(schedule.probeExamples)
            heldOut.formUnion(probe)
            probes.append(Array(probe))
        }
        self.probes = probes
        plans = []
        for (number, ofStage) in members.enumerated() {
            let left = ofStage.filter { !heldOut.contains($0) }
            guard !left.isEmpty else {
                throw .noExamples(
                    "stage \(number + 1) of level_schedule has \(ofStage.count) examples of levels "
                        + "\(schedule.stages[number]), and probe_examples holds out \(schedule.probeExamples) a stage")
            }
            plans.append(
                BatchPlan(
                    set: set, members: left, tokensPerBatch: tokensPerBatch,
                    seed: seed &+ UInt64(number) &* 0xA24B_AED4_963E_E407))
        }
    }

    /// The examples of the step with this number, counted from 0.
    mutating func batch(atStep step: Int) -> [Int32] {
        let stage = stage(atStep: step)
        return plans[stage].batch(atStep: state.batchCounts[stage])
    }

    /// Moves the cursor past the batch of this step, which was learnt.
    mutating func advance(pastStep step: Int) {
        state.batchCounts[stage(atStep: step)] += 1
    }

    /// The chance of every stage at the next step; they add up to 1.
    var chances: [Double] {
        let count = plans.count
        switch schedule.rule {
        case .uniform:
            return [Double](repeating: 1 / Double(count), count: count)
        case .mastery:
            return withReplay { $0 == state.stage ? 1 : 0 }
        case .adaptive:
            return withReplay { max(0, 1 - (Double($0) - state.difficulty).magnitude) }
        case .deficit:
            let missing = state.accuracies.map { 1 - $0 }
            let sum = missing.reduce(0, +)
            let (own, shared) = sum > 0 ? (1 - schedule.replay, schedule.replay) : (0, 1)
            return missing.map { own * $0 / max(sum, .leastNormalMagnitude) + shared / Double(count) }
        }
    }

    /// Probes the model where that is due after so many steps, and moves on where it has learnt enough.
    ///
    /// - Returns: what was found of the last stage probed; nil where none was due
    mutating func probe(
        afterSteps step: Int, _ measure: (_ examples: [Int32]) -> ProbeResult
    ) -> ProbeResult? {
        guard step % schedule.probeInterval == 0 else { return nil }
        switch schedule.rule {
        case .uniform: return nil
        case .mastery: return advanceStages(afterSteps: step, measure)
        case .adaptive: return adapt(measure)
        case .deficit:
            let results = probes.map(measure)
            state.accuracies = results.map(\.accuracy)
            return results.last
        }
    }

    mutating func restore(_ state: State) { self.state = state }

    /// Stages that were mastered already are passed at once.
    private mutating func advanceStages(afterSteps step: Int, _ measure: ([Int32]) -> ProbeResult) -> ProbeResult {
        while true {
            let result = measure(probes[state.stage])
            let isOverdue = schedule.mastery.stageStepLimit.map { step - state.stageStart >= $0 } ?? false
            guard state.stage < plans.count - 1, schedule.mastery.isReached(by: result) || isOverdue else {
                return result
            }
            state.stage += 1
            state.stageStart = step
        }
    }

    private mutating func adapt(_ measure: ([Int32]) -> ProbeResult) -> ProbeResult {
        let below = Int(state.difficulty)
        let share = state.difficulty - Double(below)
        var result = measure(probes[below])
        if share > 0 { result = result.mixed(with: measure(probes[below + 1]), share: share) }
        let rule = schedule.adaptive
        let moved = state.difficulty + rule.stepSize * tanh(rule.steepness * (result.accuracy - rule.target))
        state.difficulty = min(max(moved, 0), Double(plans.count - 1))
        state.stage = Int(state.difficulty.rounded())
        return result
    }

    private func stage(atStep step: Int) -> Int {
        var random = SplitMix64(seed: seed &+ 0x9FB2_1C65_1E98_DF25, stream: UInt64(step))
        var left = Double(random.next() >> 11) * 0x1p-53
        let chances = chances
        for (stage, chance) in chances.enumerated() {
            if left < chance { return stage }
            left -= chance
        }
        return chances.lastIndex { $0 > 0 } ?? 0
    }

    /// The weights of what is being learnt, and beside them a share for all before the hardest of it alike.
    private func withReplay(_ weight: (_ stage: Int) -> Double) -> [Double] {
        let weights = plans.indices.map(weight)
        let hardest = weights.lastIndex { $0 > 0 } ?? 0
        guard hardest > 0 else { return weights }
        return weights.enumerated().map { stage, weight in
            (1 - schedule.replay) * weight + (stage < hardest ? schedule.replay / Double(hardest) : 0)
        }
    }
}
