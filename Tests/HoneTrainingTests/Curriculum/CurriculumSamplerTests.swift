import Foundation
import Testing

@testable import HoneTraining

@Suite struct CurriculumSamplerTests {
    private let set: TrainingSet

    init() throws {
        let examples = (0..<300).map { number in
            TrainingExample(prompt: "\(number)?\n", completion: "\(number)", level: number % 3 + 1)
        }
        set = try TrainingSet(examples, tokenizer: Fixture.tokenizer, maximumLength: 100)
    }

    private func sampler(
        _ rule: LevelSchedule.Rule, _ change: (inout LevelSchedule) -> Void = { _ in }
    ) throws -> CurriculumSampler {
        var schedule = LevelSchedule(rule, stages: [[1], [2], [3]])
        schedule.probeInterval = 10
        schedule.probeExamples = 20
        change(&schedule)
        return try CurriculumSampler(schedule, set: set, tokensPerBatch: 64, seed: 5)
    }

    /// The levels of the next steps, learning from each.
    private func levels(
        _ sampler: inout CurriculumSampler, steps: Range<Int>, accuracy: (_ level: Int) -> Double = { _ in 0 }
    ) -> [Int] {
        steps.map { step in
            let levels = Set(sampler.batch(atStep: step).map { Int(set.entries[Int($0)].level) })
            sampler.advance(pastStep: step)
            _ = sampler.probe(afterSteps: step + 1) { probe(of: $0, accuracy) }
            #expect(levels.count == 1)
            return levels.first ?? 0
        }
    }

    private func probe(of examples: [Int32], _ accuracy: (Int) -> Double) -> ProbeResult {
        ProbeResult(accuracy: accuracy(Int(set.entries[Int(examples[0])].level)), loss: 1)
    }

    @Test func aStageLastsUntilItIsMastered() throws {
        var sampler = try sampler(.mastery)
        let first = levels(&sampler, steps: 0..<40) { _ in 0.79 }
        #expect(first.allSatisfy { $0 == 1 })
        _ = levels(&sampler, steps: 40..<50) { $0 == 1 ? 0.8 : 0 }
        #expect(sampler.state.stage == 1 && sampler.state.stageStart == 50)
        #expect(sampler.chances == [0.2, 0.8, 0])
    }

    @Test func stagesThatAreMasteredAlreadyArePassedAtOnce() throws {
        var sampler = try sampler(.mastery)
        _ = levels(&sampler, steps: 0..<10) { $0 < 3 ? 0.9 : 0.1 }
        #expect(sampler.state.stage == 2)
    }

    @Test func aStageThatIsNeverMasteredEndsAtItsLimit() throws {
        var sampler = try sampler(.mastery) { $0.mastery.stageStepLimit = 25 }
        _ = levels(&sampler, steps: 0..<20)
        #expect(sampler.state.stage == 0)
        _ = levels(&sampler, steps: 20..<30)
        #expect(sampler.state.stage == 1)
    }

    @Test func masteryByLossLooksAtTheLoss() throws {
        var sampler = try sampler(.mastery) {
            $0.mastery.measure = .loss
            $0.mastery.threshold = 0.5
        }
        _ = sampler.probe(afterSteps: 10) { _ in ProbeResult(accuracy: 1, loss: 0.6) }
        #expect(sampler.state.stage == 0)
        _ = sampler.probe(afterSteps: 20) { _ in ProbeResult(accuracy: 0, loss: 0.4) }
        #expect(sampler.state.stage == 2)
    }

    @Test func earlierStagesAreMixedBackIn() throws {
        var sampler = try sampler(.mastery) { $0.replay = 0.4 }
        _ = levels(&sampler, steps: 0..<10) { $0 < 3 ? 1 : 0 }
        let drawn = levels(&sampler, steps: 10..<2010)
        let shares = (1...3).map { level in Double(drawn.count { $0 == level }) / 2000 }
        for (share, expected) in zip(shares, [0.2, 0.2, 0.6]) { #expect(abs(share - expected) < 0.04) }
    }

    @Test func theUniformControlDrawsAllStagesAlikeAndNeverProbes() throws {
        var sampler = try sampler(.uniform)
        let drawn = levels(&sampler, steps: 0..<1500)
        for level in 1...3 { #expect(abs(Double(drawn.count { $0 == level }) / 1500 - 1 / 3) < 0.04) }
        let result = sampler.probe(afterSteps: 10) { _ in ProbeResult(accuracy: 1, loss: 0) }
        #expect(result == nil)
    }

    @Test func theAdaptiveDifficultyFollowsTheAccuracy() throws {
        var sampler = try sampler(.adaptive)
        _ = levels(&sampler, steps: 0..<10) { _ in 0.75 }
        // 0 + 0.25 * tanh(4 * (0.75 - 0.5))
        #expect(abs(sampler.state.difficulty - 0.25 * tanh(1)) < 1e-12)
        let raised = sampler.state.difficulty
        _ = levels(&sampler, steps: 10..<20) { _ in 0.25 }
        #expect(abs(sampler.state.difficulty - (raised - 0.25 * tanh(1))) < 1e-12)
        _ = levels(&sampler, steps: 20..<30)
        #expect(sampler.state.difficulty == 0)
        _ = levels(&sampler, steps: 30..<300) { _ in 1 }
        #expect(sampler.state.difficulty == 2)
    }

    @Test func whatIsMissingIsDrawnMost() throws {
        var sampler = try sampler(.deficit) { $0.replay = 0.3 }
        for chance in sampler.chances { #expect(abs(chance - 1 / 3) < 1e-12) }
        _ = levels(&sampler, steps: 0..<10) { [1: 1, 2: 0.75, 3: 0.25][$0] ?? 0 }
        for (chance, expected) in zip(sampler.chances, [0.1, 0.7 * 0.25 + 0.1, 0.7 * 0.75 + 0.1]) {
            #expect(abs(chance - expected) < 1e-12)
        }
        _ = levels(&sampler, steps: 10..<20) { _ in 1 }
        for chance in sampler.chances { #expect(abs(chance - 1 / 3) < 1e-12) }
    }

    @Test func aDifficultyBetweenStagesIsProbedOnBoth() throws {
        var sampler = try sampler(.adaptive) {
            $0.adaptive.stepSize = 1
            $0.adaptive.steepness = atanh(0.5) / 0.5
        }
        let first = sampler.probe(afterSteps: 10) { probe(of: $0) { _ in 1 } }
        #expect(first?.accuracy == 1 && abs(sampler.state.difficulty - 0.5) < 1e-12)
        let second = sampler.probe(afterSteps: 20) { probe(of: $0) { $0 == 1 ? 0.8 : 0.2 } }
        #expect(abs(try #require(second).accuracy - 0.5) < 1e-12)
        #expect(sampler.chances.reduce(0, +) == 1)
    }

    @Test(arguments: [.uniform, .mastery, .adaptive, .deficit] as [LevelSchedule.Rule])
    func theStateIsAllThatResumingTakes(rule: LevelSchedule.Rule) throws {
        let accuracy = { (level: Int) in level == 1 ? 0.9 : 0.6 }
        var whole = try sampler(rule)
        _ = levels(&whole, steps: 0..<37, accuracy: accuracy)
        var resumed = try sampler(rule)
        resumed.restore(
            try JSONDecoder().decode(CurriculumSampler.State.self, from: JSONEncoder().encode(whole.state)))
        for step in 37..<200 {
            let (first, second) = (resumed.batch(atStep: step), whole.batch(atStep: step))
            #expect(first == second)
            _ = levels(&whole, steps: step..<step + 1, accuracy: accuracy)
            _ = levels(&resumed, steps: step..<step + 1, accuracy: accuracy)
        }
        #expect(resumed.state == whole.state)
    }

    @Test func heldOutExamplesAreNeverTrainedOn() throws {
        // The second stage has the first one's level too.
        var sampler = try sampler(.mastery) { $0.stages = [[1], [1, 2]] }
        var heldOut: Set<Int32> = []
        var seen: Set<Int32> = []
        for step in 0..<600 {
            seen.formUnion(sampler.batch(atStep: step))
            sampler.advance(pastStep: step)
            _ = sampler.probe(afterSteps: step + 1) { examples in
                heldOut.formUnion(examples)
                return ProbeResult(accuracy: step > 300 ? 1 : 0, loss: 0)
            }
        }
        #expect(heldOut.count > 20 && seen.isDisjoint(with: heldOut))
        #expect(seen.count + heldOut.count == 200)
    }

    @Test func aStageWithTooFewExamplesIsNamed() throws {
        let error = #expect(throws: TrainingError.self) { try sampler(.mastery) { $0.probeExamples = 100 } }
        #expect("\(try #require(error))".contains("stage 1 of level_schedule has 100 examples"))
        // The control holds nothing out.
        _ = try sampler(.uniform) { $0.probeExamples = 100 }
    }
}
