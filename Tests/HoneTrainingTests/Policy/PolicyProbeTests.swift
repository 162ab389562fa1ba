import HoneModel
import Synchronization
import Testing

@testable import HoneTensor
@testable import HoneTraining

@Suite struct PolicyProbeTests {
    private static func configuration(steps: Int, interval: Int = 1) -> PPOConfiguration {
        var configuration = PolicyFixture.configuration(steps: steps)
        configuration.probe = PolicyProbe()
        configuration.probe?.prompts = 5
        configuration.probe?.interval = interval
        return configuration
    }

    @Test func promptsThatAreKeptOutAreNeverLearntFrom() throws {
        let trainer = try PolicyFixture.trainer(Self.configuration(steps: 9))
        let keptOut = Set(trainer.prompts.keptOut)
        #expect(keptOut.count == 5)
        let learnt = Set((0..<9).flatMap { trainer.prompts.batch(atStep: $0) })
        #expect(learnt.isDisjoint(with: keptOut))
        #expect(learnt.union(keptOut) == Set(PolicyFixture.prompts.indices))
    }

    @Test func aProbeIsTakenBeforeTheFirstStepAndAtEveryInterval() throws {
        let trainer = try PolicyFixture.trainer(Self.configuration(steps: 4, interval: 2))
        let reports = try (0..<4).map { _ in try trainer.advance() }
        #expect(reports.map { $0.probeAtStart != nil } == [true, false, false, false])
        #expect(reports.map { $0.probe != nil } == [false, true, false, true])
        #expect(reports[1].metrics["probe"] == reports[1].probe)
    }

    @Test func aFallOfTheProbeStopsTheRunWithTheWeightsOfItsBest() throws {
        let judgedCount = Mutex(0)
        var configuration = Self.configuration(steps: 5)
        configuration.limits = CollapseLimits(watching: false)
        configuration.limits.probeDrop = 0.1
        // The first probe's answers are good; whatever comes after is not.
        let trainer = try PolicyFixture.trainer(configuration) { _, _, tokens in
            let number = judgedCount.withLock { count in
                count += 1
                return count
            }
            return .scored(number <= 21 ? Double(tokens.count % 2) / 10 + 0.9 : 0)
        }
        let before = trainer.policy.stateDictionary().mapValues { $0.clone() }
        let report = try trainer.advance()
        #expect(report.updateCount > 0)
        #expect(report.stopCause?.quantity == .probe && trainer.isDone && !trainer.isSound)
        for (name, tensor) in trainer.policy.stateDictionary() { #expect(tensor.equals(try #require(before[name]))) }
    }

    @Test func moreThanThereIsCannotBeKeptOut() {
        var configuration = PolicyFixture.configuration(steps: 1)
        configuration.probe = PolicyProbe()
        let error = #expect(throws: TrainingError.self) { try PolicyFixture.trainer(configuration) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("there are 12 prompts, and the probe keeps 200 of them out"))
    }
}
