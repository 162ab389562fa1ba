import Foundation
import HoneModel
import Testing

@testable import HoneTraining

@Suite struct PPOConfigurationTests {
    private func decode(_ text: String) throws -> PPOConfiguration {
        try JSONDecoder().decode(PPOConfiguration.self, from: Data(text.utf8))
    }

    @Test func `settings left out have their defaults`() throws {
        #expect(try decode(#"{"steps": 10}"#) == PPOConfiguration(steps: 10))
        try decode(#"{"steps": 10}"#).validate()
    }

    @Test func `a configuration survives JSON, also where a setting with a default is switched off`() throws {
        var configuration = PolicyFixture.configuration(steps: 7, .grpo)
        configuration.valueClip = nil
        configuration.limits.scoreDrop = nil
        configuration.adapters = AdapterConfiguration(rank: 4)
        configuration.importance = ImportanceCorrection(kind: .mask, level: .sequence, lower: 0.5, upper: 3)
        configuration.divergence.target = .init(divergence: 3, horizon: 1000)
        configuration.objective.policyLoss.dualClip = 3
        let data = try JSONEncoder().encode(configuration)
        #expect(try JSONDecoder().decode(PPOConfiguration.self, from: data) == configuration)
    }

    @Test(arguments: [
        (#"{"steps": 1, "epoch": 3}"#, "epoch"), (#"{"steps": 1, "objective": {"clip": 1}}"#, "objective.clip"),
        (#"{"steps": 1, "divergence": {"target": {"kl": 1}}}"#, "divergence.target.kl"),
        (#"{"steps": 1, "adapters": {"rank": 1, "alpha": 1, "rank_stabilized": false, "r": 1}}"#, "adapters.r"),
        (#"{"steps": 1, "limits": {"patients": 1}}"#, "limits.patients"),
        (#"{"steps": 1, "importance": {"bound": 1}}"#, "importance.bound"),
    ])
    func `a misspelt setting is named with its path`(text: String, path: String) throws {
        let error = #expect(throws: TrainingError.self) { try decode(text) }
        #expect("\(try #require(error))".contains("\"\(path)\": no such setting"))
    }

    @Test(arguments: [
        (#"{"steps": 0}"#, "steps"), (#"{"steps": 1, "temperature": 0}"#, "temperature"),
        (#"{"steps": 1, "samples_per_prompt": 1, "objective": {"advantage": "grpo"}}"#, "samples_per_prompt"),
        (#"{"steps": 1, "temperature": 0.7, "importance": {}}"#, "temperature"),
        (#"{"steps": 1, "divergence": {"coefficient": 0, "target": {"divergence": 1, "horizon": 1}}}"#, "coefficient"),
        (#"{"steps": 1, "objective": {"policy_loss": "reinforce"}}"#, "policy_loss"),
        (#"{"steps": 1, "optimizer": {"beta2": 1}}"#, "beta2"),
    ])
    func `a setting that cannot be meant is refused by its name`(text: String, key: String) throws {
        let configuration = try decode(text)
        let error = #expect(throws: TrainingError.self) { try configuration.validate() }
        #expect("\(try #require(error))".contains("\"\(key)\""))
    }
}
