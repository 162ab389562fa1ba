import Foundation
import HoneTensor
import HoneTokenizer
import Synchronization
import Testing

@testable import HoneTraining

@Suite struct PeakWatchTests {
    /// Scores as the fixture's, and measures a gold that rises for six steps and falls after that.
    private struct TurningJudge: AnswerJudging {
        var calls = Counter()
        /// The call at which it is highest.
        var top = 6.0

        func judge(_ answers: [AnswerToJudge]) -> [JudgedAnswer] {
            let gold = 1 - abs(Double(calls.next()) - top) / 10
            return answers.map {
                JudgedAnswer(PolicyFixture.reward($0.prompt, $0.completion, $0.tokens), measures: ["verifier": gold])
            }
        }
    }

    private final class Counter: Sendable {
        private let count: Mutex<Int>
        init(_ count: Int = 0) { self.count = Mutex(count) }
        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    private func configuration() -> PPOConfiguration {
        var configuration = PolicyFixture.configuration(steps: 30)
        configuration.watch = PeakWatch()
        configuration.watch?.window = 2
        return configuration
    }

    private func trainer(_ judge: TurningJudge = TurningJudge(), window: Int = 2) throws -> PPOTrainer {
        var configuration = configuration()
        configuration.watch?.window = window
        return try PPOTrainer(
            configuration, policy: PolicyFixture.model(), prompts: PolicyFixture.prompts,
            tokenizer: Fixture.tokenizer, judge: judge)
    }

    @Test func `the run ends when the gold has fallen and keeps the weights of its peak`() throws {
        let trainer = try trainer()
        var weights: [String] = []
        var reports: [PPOStepReport] = []
        while !trainer.isDone {
            weights.append(trainer.policy.weightHash)
            reports.append(try trainer.advance())
        }
        let last = try #require(reports.last)
        #expect(last.endedAtPeak)
        #expect(trainer.isSound)
        // 0.9 and 1 are the best two; 0.9 and 0.8 the first that are too low, 0.8 and 0.7 the second.
        #expect(last.peakStep == 6)
        #expect(last.step == 9)
        #expect(trainer.policy.weightHash == weights[5], "the weights that wrote the sixth step's answers")
        #expect(trainer.policy.weightHash != weights[8])
    }

    @Test(arguments: [1, 2, 4]) func `a policy that only gets worse is given back as it was`(window: Int) throws {
        let trainer = try trainer(TurningJudge(top: 0), window: window)
        let start = trainer.policy.weightHash
        var last: PPOStepReport?
        while !trainer.isDone { last = try trainer.advance() }
        #expect(last?.endedAtPeak == true)
        #expect(last?.peakStep == 1)
        #expect(try #require(last).step < 10, "the first whole window is lower, and so is the second")
        #expect(trainer.policy.weightHash == start)
    }

    @Test func `the start counts by the mean of half a window, which one lucky batch does not make`() {
        let watch = PeakWatch()
        var record = PeakRecord()
        // The true value is a half and rises a little; the first batch was lucky.
        let values = [0.6, 0.46, 0.47, 0.47, 0.51, 0.51, 0.52, 0.52, 0.53, 0.52]
        let findings = values.enumerated().map { record.note($0.element, ofStep: $0.offset + 1, watch) }
        #expect(findings[0] == .best)
        #expect(findings[1...6].allSatisfy { $0 == .lower }, "no window is whole")
        #expect(findings[7] == .best, "the mean of all eight is above that of the first four")
        #expect(record.bestStep == 8)
    }

    @Test(arguments: [3, 7, 8]) func `a run that is resumed ends with the weights of the same peak`(cut: Int) throws {
        let root = FileManager.default.temporaryDirectory.path + "/hone-peak-\(UUID().uuidString)"
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: root) } }
        let whole = try trainer()
        while !whole.isDone {
            _ = try whole.advance()
            if whole.step == cut { try whole.writeCheckpoint(to: root + "/cut") }
        }
        let judge = TurningJudge(calls: Counter(cut))
        let resumed = try PPOTrainer.resume(
            root + "/cut", reference: PolicyFixture.model(), configuration: configuration(),
            prompts: PolicyFixture.prompts, tokenizer: Fixture.tokenizer, judge: judge)
        while !resumed.isDone { _ = try resumed.advance() }
        #expect(resumed.step == whole.step)
        #expect(resumed.policy.weightHash == whole.policy.weightHash)
        try resumed.writeCheckpoint(to: root + "/end")
        let again = try PPOTrainer.resume(
            root + "/end", reference: PolicyFixture.model(), prompts: PolicyFixture.prompts,
            tokenizer: Fixture.tokenizer, judge: judge)
        #expect(again.isDone)
    }

    @Test func `a watch on what nobody measures is refused`() throws {
        let trainer = try PPOTrainer(
            configuration(), policy: PolicyFixture.model(), prompts: PolicyFixture.prompts,
            tokenizer: Fixture.tokenizer, reward: PolicyFixture.reward)
        let error = #expect(throws: TrainingError.self) { try trainer.advance() }
        #expect(error?.description.contains("the judge measures nothing") == true)
    }
}
