import Foundation
import Testing

@testable import HoneTraining

@Suite struct LevelScheduleTests {
    private func decode(_ text: String) throws -> SFTConfiguration {
        try JSONDecoder().decode(
            SFTConfiguration.self, from: Data(#"{"steps": 10, "level_schedule": \#(text)}"#.utf8))
    }

    @Test func ruleAndStagesAreEnough() throws {
        let schedule = try decode(#"{"rule": "mastery", "stages": [[1], [2, 3]]}"#).levelSchedule
        #expect(schedule == LevelSchedule(.mastery, stages: [[1], [2, 3]]))
    }

    @Test func aScheduleSurvivesJSON() throws {
        var configuration = SFTConfiguration(steps: 5)
        var schedule = LevelSchedule(.adaptive, stages: [[1], [2]])
        schedule.reWarmSteps = 20
        schedule.mastery.stageStepLimit = 900
        schedule.adaptive.target = 0.7
        configuration.levelSchedule = schedule
        let data = try JSONEncoder().encode(configuration)
        #expect(try JSONDecoder().decode(SFTConfiguration.self, from: data) == configuration)
    }

    @Test func aThresholdOfLossHasItsOwnDefault() throws {
        let schedule = try decode(#"{"rule": "mastery", "stages": [[1]], "mastery": {"measure": "loss"}}"#)
        #expect(schedule.levelSchedule?.mastery.threshold == 0.1)
    }

    @Test(arguments: [
        #"{"stages": [[1]]}"#, #"{"rule": "mastery"}"#, #"{"rule": "luck", "stages": [[1]]}"#,
        #"{"rule": "mastery", "stages": [[1]], "replai": 0.1}"#,
        #"{"rule": "mastery", "stages": [[1]], "mastery": {"treshold": 0.1}}"#,
        #"{"rule": "adaptive", "stages": [[1]], "adaptive": {"goal": 0.1}}"#,
    ])
    func whatIsMissingOrMisspeltIsRefused(text: String) {
        #expect(throws: (any Error).self) { try decode(text) }
    }

    @Test(arguments: [
        ("stages", #"{"rule": "mastery", "stages": []}"#), ("stages", #"{"rule": "mastery", "stages": [[1], []]}"#),
        ("replay", #"{"rule": "mastery", "stages": [[1]], "replay": 1}"#),
        ("probe_interval", #"{"rule": "mastery", "stages": [[1]], "probe_interval": 0}"#),
        ("probe_examples", #"{"rule": "mastery", "stages": [[1]], "probe_examples": 0}"#),
        ("re_warm_steps", #"{"rule": "mastery", "stages": [[1]], "re_warm_steps": -1}"#),
        ("threshold", #"{"rule": "mastery", "stages": [[1]], "mastery": {"threshold": 1.5}}"#),
        ("stage_step_limit", #"{"rule": "mastery", "stages": [[1]], "mastery": {"stage_step_limit": 0}}"#),
        ("target", #"{"rule": "adaptive", "stages": [[1]], "adaptive": {"target": 1}}"#),
        ("step_size", #"{"rule": "adaptive", "stages": [[1]], "adaptive": {"step_size": 0}}"#),
        ("steepness", #"{"rule": "adaptive", "stages": [[1]], "adaptive": {"steepness": 0}}"#),
    ])
    func aSettingThatCannotBeMeantIsRefusedByName(key: String, text: String) throws {
        let configuration = try decode(text)
        let error = #expect(throws: TrainingError.self) { try configuration.validate() }
        #expect("\(try #require(error))".contains("\"\(key)\""))
    }

    @Test func aTimetableBesideAScheduleIsRefused() throws {
        var configuration = try decode(#"{"rule": "uniform", "stages": [[1]]}"#)
        configuration.curriculum = [.init(steps: 1, levels: nil)]
        #expect(throws: TrainingError.self) { try configuration.validate() }
    }
}
