import Foundation
import Testing

@testable import HoneTraining

@Suite struct SFTConfigurationTests {
    private func decode(_ text: String) throws -> SFTConfiguration {
        try JSONDecoder().decode(SFTConfiguration.self, from: Data(text.utf8))
    }

    @Test func settingsLeftOutHaveTheirDefaults() throws {
        #expect(try decode(#"{"steps": 10}"#) == SFTConfiguration(steps: 10))
    }

    @Test func aConfigurationSurvivesJSON() throws {
        var configuration = Fixture.configuration(steps: 7)
        configuration.curriculum = [.init(steps: 3, levels: [1, 2]), .init(steps: 4, levels: nil)]
        configuration.schedule = .cosine
        let data = try JSONEncoder().encode(configuration)
        #expect(try JSONDecoder().decode(SFTConfiguration.self, from: data) == configuration)
    }

    @Test func aMisspeltSettingIsNamed() throws {
        let error = #expect(throws: TrainingError.self) { try decode(#"{"steps": 10, "learning_rte": 0.1}"#) }
        #expect("\(try #require(error))".contains("\"learning_rte\": no such setting"))
    }

    @Test(arguments: [
        (#""schedule": "foo""#, #""schedule": is "foo"; there are: constant, cosine, linear"#),
        (#""level_schedule": {"rule": "foo", "stages": [[1]]}"#, #""level_schedule.rule": is "foo"; there are: "#),
    ]) func aWordThatIsNoneIsAnsweredWithThoseThatThereAre(_ setting: String, _ message: String) throws {
        let error = #expect(throws: TrainingError.self) { try decode(#"{"steps": 10, \#(setting)}"#) }
        #expect("\(try #require(error))".contains(message))
    }

    @Test(arguments: [
        #"{"steps": 0}"#, #"{"steps": 1, "learning_rate": -1}"#, #"{"steps": 1, "beta2": 1}"#,
        #"{"steps": 1, "threads": 0}"#, #"{"steps": 1, "tokens_per_batch": 0}"#,
    ])
    func aSettingThatCannotBeMeantIsRefused(text: String) throws {
        let configuration = try decode(text)
        #expect(throws: TrainingError.self) { try configuration.validate() }
    }

    @Test func theLearningRateRisesThenFalls() {
        var configuration = SFTConfiguration(steps: 110)
        configuration.warmUpSteps = 10
        #expect(configuration.learningRateShare(atStep: 0) == 0.1)
        #expect(configuration.learningRateShare(atStep: 10) == 1)
        #expect(abs(configuration.learningRateShare(atStep: 60) - 0.5) < 1e-12)
        configuration.schedule = .cosine
        configuration.finalLearningRateShare = 0.2
        #expect(abs(configuration.learningRateShare(atStep: 60) - 0.6) < 1e-12)
        #expect(abs(configuration.learningRateShare(atStep: 110) - 0.2) < 1e-12)
        configuration.schedule = .constant
        #expect(configuration.learningRateShare(atStep: 100) == 1)
    }
}
