import Foundation
import HoneModel
import HoneTensor
import Testing

@testable import HoneTraining

@Suite struct PPOCheckpointTests {
    private static let files = ["model", "optimizer", "critic", "critic_optimizer", "adapters"]

    private func configuration(_ name: String) -> PPOConfiguration {
        var configuration = PolicyFixture.configuration(steps: 5, name == "critic" ? .gae : .grpo)
        configuration.divergence.target = .init(divergence: 0.05, horizon: 200)
        if name == "adapters" { configuration.adapters = AdapterConfiguration(rank: 2, alpha: 4) }
        if name == "muon" { configuration.optimizer.kind = .muon }
        if name == "chosen" {
            configuration.admission = AdmissionConfiguration()
            configuration.probe = PolicyProbe()
            configuration.probe?.prompts = 3
            configuration.probe?.interval = 2
            configuration.limits = CollapseLimits(watching: false)
        }
        return configuration
    }

    private func bytes(_ directory: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in Self.files {
            let path = "\(directory)/\(name).safetensors"
            if FileManager.default.fileExists(atPath: path) { found[name] = try Data(contentsOf: URL(filePath: path)) }
        }
        return found
    }

    // 12 prompts, 4 a step: an epoch ends after step 3.
    @Test(arguments: ["critic", "groups", "adapters", "muon", "chosen"], [1, 3, 5])
    func `T31, T32: a run ends with the same bits when repeated, and when cut off and resumed`(
        name: String, cut: Int
    ) async throws {
        try await withTemporaryDirectory { root in
            let configuration = configuration(name)
            for place in ["whole", "again"] {
                let run = try await TrainingRun.start { try PolicyFixture.trainer(configuration) }
                try await run.run(checkpointsIn: "\(root)/\(place)")
            }
            let expected = try bytes("\(root)/whole/step-000005")
            #expect(expected.count == (name == "critic" ? 4 : name == "adapters" ? 3 : 2))
            #expect(try bytes("\(root)/again/step-000005") == expected)
            let resumed = try await TrainingRun.start {
                try PPOTrainer.resume(
                    Checkpoint.path(root: "\(root)/whole", step: cut), reference: PolicyFixture.model(),
                    configuration: configuration, prompts: PolicyFixture.prompts, tokenizer: Fixture.tokenizer,
                    reward: PolicyFixture.reward)
            }
            #expect(try await resumed.with { $0.step } == cut)
            try await resumed.run(checkpointsIn: "\(root)/resumed")
            if cut == 5 { try await resumed.with { try $0.writeCheckpoint(to: "\(root)/resumed/step-000005") } }
            #expect(try bytes("\(root)/resumed/step-000005") == expected)
            let states = try ["whole", "resumed"].map {
                try String(contentsOfFile: "\(root)/\($0)/step-000005/training_state.json", encoding: .utf8)
            }
            #expect(states[0] == states[1])
        }
    }

    private func checkpoint(in root: String) throws -> String {
        let trainer = try PolicyFixture.trainer(configuration("critic"))
        _ = try trainer.advance()
        try trainer.writeCheckpoint(to: root + "/one")
        return root + "/one"
    }

    private func resume(
        _ path: String, prompts: [String] = PolicyFixture.prompts, reference: CausalLanguageModel? = nil
    ) throws -> PPOTrainer {
        try PPOTrainer.resume(
            path, reference: reference ?? PolicyFixture.model(), prompts: prompts, tokenizer: Fixture.tokenizer,
            reward: PolicyFixture.reward)
    }

    @Test func `T33: other prompts, another reference and another configuration are noticed on resume`() async throws {
        try await withTemporaryDirectory { root in
            let path = try checkpoint(in: root)
            _ = try resume(path)
            #expect(throws: TrainingError.self) { try resume(path, prompts: PolicyFixture.prompts.reversed()) }
            #expect(throws: TrainingError.self) { try resume(path, reference: PolicyFixture.model(seed: 2)) }
            #expect(throws: TrainingError.self) {
                try PPOTrainer.resume(
                    path, reference: PolicyFixture.model(), configuration: configuration("groups"),
                    prompts: PolicyFixture.prompts, tokenizer: Fixture.tokenizer, reward: PolicyFixture.reward)
            }
        }
    }

    @Test(arguments: files.dropLast())
    func `T34: a file cut at any 4 KiB is never loaded`(name: String) async throws {
        try await withTemporaryDirectory { root in
            let path = try checkpoint(in: root)
            let file = URL(filePath: "\(path)/\(name).safetensors")
            let whole = try Data(contentsOf: file)
            for length in stride(from: 0, to: whole.count, by: max(4096, whole.count / 4096 / 12 * 4096)) {
                try whole.prefix(length).write(to: file)
                #expect(throws: TrainingError.self) { try resume(path) }
            }
        }
    }

    @Test func `others load the policy of a run that trains adapters, with these merged into it`() async throws {
        try await withTemporaryDirectory { root in
            let trainer = try PolicyFixture.trainer(configuration("adapters"))
            for _ in 0..<2 { _ = try trainer.advance() }
            try trainer.writeCheckpoint(to: root + "/one")
            let loaded = try CausalLanguageModel.load(directory: root + "/one")
            let ids = Tensor([1, 2, 3, 4, 5], shape: [1, 5])
            let (merged, unmerged) = noGrad { (loaded(ids), trainer.policy(ids)) }
            #expect(merged.allClose(unmerged, rtol: 1e-5, atol: 1e-5))
            #expect(!merged.equals(noGrad { PolicyFixture.model()(ids) }))
        }
    }
}
