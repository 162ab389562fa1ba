import Foundation
import HoneInference
import HoneModel
import HoneTokenizer
import Testing

@testable import HoneTraining

@Suite struct CurriculumRunTests {
    private func configuration(_ rule: LevelSchedule.Rule, steps: Int) -> SFTConfiguration {
        var configuration = Fixture.configuration(steps: steps)
        var schedule = LevelSchedule(rule, stages: [[1], [2]])
        schedule.probeInterval = 3
        schedule.probeExamples = 8
        // Reached in the run's first steps, so that the stage changes under test.
        schedule.mastery.measure = .loss
        schedule.mastery.threshold = 5
        schedule.adaptive.target = 0.01
        schedule.reWarmSteps = 2
        configuration.levelSchedule = schedule
        return configuration
    }

    private func start(_ configuration: SFTConfiguration) async throws -> TrainingSession {
        try await TrainingSession.start(configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
    }

    @Test(
        arguments: [.mastery, .adaptive, .deficit, .uniform] as [LevelSchedule.Rule], [1, 3, 5, 9])
    func aRunCutOffAndResumedEndsWithTheSameBits(rule: LevelSchedule.Rule, cut: Int) async throws {
        try await withTemporaryDirectory { root in
            let configuration = configuration(rule, steps: 12)
            let whole = try await start(configuration)
            var reports: [StepReport] = []
            for _ in 0..<12 { reports.append(try await whole.advance()) }
            try await whole.writeCheckpoint(to: root + "/whole")
            if rule == .mastery {
                #expect(reports.first?.curriculum?.stage == 1 && reports.last?.curriculum?.stage == 2)
            }

            let first = try await start(configuration)
            for _ in 0..<cut { _ = try await first.advance() }
            try await first.writeCheckpoint(to: root + "/cut")
            let second = try await TrainingSession.resume(
                root + "/cut", configuration: configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            for step in cut..<12 {
                let report = try await second.advance()
                #expect(report.curriculum == reports[step].curriculum && report.loss == reports[step].loss)
            }
            try await second.writeCheckpoint(to: root + "/resumed")
            #expect(try Fixture.weights(root + "/resumed") == Fixture.weights(root + "/whole"))
        }
    }

    @Test func aProbeCountsWhatGreedyDecodingWritesWhole() async throws {
        try await withTemporaryDirectory { root in
            var configuration = Fixture.configuration(steps: 120, hiddenSize: 48)
            configuration.checkpointInterval = 0
            let session = try await start(configuration)
            try await session.run(checkpointsIn: root)
            let examples = Fixture.sums()
            let probed = try await session.accuracy(over: examples)
            let model = try CausalLanguageModel.load(directory: root + "/step-000120")
            let results = try await GenerationEngine(model: model, tokenizer: Fixture.tokenizer).generate(
                examples.map {
                    GenerationRequest(prompt: Fixture.tokenizer.encode($0.prompt), maximumNewTokens: 8)
                })
            let written = zip(results, examples).count { $0.text == $1.completion && $0.finishReason == .stop }
            #expect(written > 5 && written < 100, "the model has learnt some, not all")
            #expect(probed == Double(written) / 100)
        }
    }

    @Test func theLearningRateRisesAgainAtEveryStage() async throws {
        var configuration = configuration(.mastery, steps: 12)
        configuration.warmUpSteps = 0
        configuration.schedule = .linear
        let session = try await start(configuration)
        var rates: [Double] = []
        var stages: [Int] = []
        for _ in 0..<12 {
            let report = try await session.advance()
            rates.append(report.learningRate / configuration.learningRate)
            stages.append(report.curriculum?.stage ?? 0)
        }
        let second = try #require(stages.firstIndex(of: 2))
        #expect(second % 3 == 0 && second < 10)
        #expect(abs(rates[second - 1] - (1 - Double(second - 1) / 12)) < 1e-9)
        #expect(abs(rates[second] - 0.5) < 1e-9 && abs(rates[second + 1] - 1) < 1e-9)
        #expect(rates[11] < 0.5)
    }

    @Test func stageAndProbeGoOnRecord() async throws {
        let session = try await start(configuration(.mastery, steps: 12))
        let first = try await session.advance().metrics
        #expect(first["curriculum_stage"] == 1 && first["probe_accuracy"] == nil)
        _ = try await session.advance()
        #expect(try await session.advance().metrics["probe_loss"] != nil)
    }
}
