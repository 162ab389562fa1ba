import Foundation
import HoneInference
import HoneModel
import HoneTokenizer
import Testing

@testable import HoneTraining

@Suite struct EarlyExitTests {
    private func configuration(steps: Int) -> SFTConfiguration {
        var configuration = Fixture.configuration(steps: steps)
        configuration.earlyExit = EarlyExitConfiguration(layer: 1, weight: 0.7)
        return configuration
    }

    private func bytes(_ directory: String) throws -> [Data] {
        try ["model.safetensors", RoutingParts.exitFile, RoutingParts.configurationFile].map {
            try Data(contentsOf: URL(filePath: directory + "/" + $0))
        }
    }

    @Test func aResumedRunEndsWithTheSameBitsOfModelAndExit() async throws {
        try await withTemporaryDirectory { root in
            var configuration = configuration(steps: 12)
            configuration.promptLoss = 0.2
            configuration.dropout = 0.1
            let session = try await TrainingSession.start(
                configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            try await session.run(checkpointsIn: root + "/whole")
            let resumed = try await TrainingSession.resume(
                root + "/whole/step-000004", configuration: configuration, examples: Fixture.sums(),
                tokenizer: Fixture.tokenizer)
            try await resumed.run(checkpointsIn: root)
            #expect(try bytes(root + "/step-000012") == bytes(root + "/whole/step-000012"))
            try FileManager.default.removeItem(atPath: root + "/whole/step-000008/early_exit.safetensors")
            await #expect(throws: TrainingError.self) {
                try await TrainingSession.resume(
                    root + "/whole/step-000008", examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            }
        }
    }

    @Test func bothEndsLearnAndTheNextRunGoesOnFromBoth() async throws {
        try await withTemporaryDirectory { root in
            var configuration = configuration(steps: 250)
            configuration.checkpointInterval = 0
            configuration.tokensPerBatch = 512
            configuration.model = Fixture.modelShape(hiddenSize: 48)
            let examples = Fixture.sums(0...5)
            let session = try await TrainingSession.start(
                configuration, examples: examples, tokenizer: Fixture.tokenizer)
            try await session.run(checkpointsIn: root)
            let directory = root + "/step-000250"
            let model = try CausalLanguageModel.load(directory: directory)
            let parts = try #require(try RoutingParts.read(directory: directory, for: model.configuration))
            let generator = RoutedGenerator(model: model, parts: parts, tokenizer: Fixture.tokenizer)
            for path in [RoutePath.shallow, .deep] {
                let answers = try generator.generate(
                    examples.map {
                        GenerationRequest(prompt: Fixture.tokenizer.encode($0.prompt), maximumNewTokens: 8)
                    }, plan: RoutingPlan(.fixed(path)))
                let rightCount = zip(answers, examples).count { $0.result.text == $1.completion }
                #expect(rightCount >= 30, "\(path)")
            }
            var next = configuration
            next.steps = 1
            next.model = nil
            let going = try await TrainingSession.start(
                next, from: directory, examples: examples, tokenizer: Fixture.tokenizer)
            let report = try await going.advance()
            #expect(try #require(report.exitLoss) < 0.5 && report.loss < 0.5)
            #expect(report.metrics["exit_loss"] == report.exitLoss)
        }
    }

    @Test func anExitThatCannotBeIsRefusedByItsKey() throws {
        let bad = [(0, 1.0, "early_exit.layer"), (2, 1.0, "early_exit.layer"), (1, 0.0, "early_exit.weight")]
        for (layer, weight, key) in bad {
            var configuration = Fixture.configuration(steps: 1)
            configuration.earlyExit = EarlyExitConfiguration(layer: layer, weight: weight)
            let error = #expect(throws: TrainingError.self) { try configuration.validate() }
            guard case .configuration(let found, _)? = error else { continue }
            #expect(found == key)
        }
        let read = try JSONDecoder().decode(
            SFTConfiguration.self, from: Data(#"{"steps": 1, "early_exit": {"layer": 2, "weight": 0.1}}"#.utf8))
        #expect(read.earlyExit == EarlyExitConfiguration(layer: 2, weight: 0.1))
        #expect(throws: TrainingError.self) {
            try JSONDecoder().decode(
                SFTConfiguration.self, from: Data(#"{"steps": 1, "early_exit": {"layers": 2}}"#.utf8))
        }
    }
}
