import Foundation
import HoneModel
import HoneTensor
import Testing

@testable import HoneTraining

@Suite struct RouterTrainerTests {
    /// Prompts whose shallow answers are right nine times of ten where they end low, and wrong as often where they end
    /// high; deep ones are right nine times of ten anywhere.
    private func examples(_ count: Int) -> [RouterExample] {
        var random = SplitMix64(seed: 3, stream: 0)
        return (0..<count).map { _ in
            let prompt = (0..<1 + random.next(below: 4)).map { _ in Int32(random.next(below: 20)) }
            let isEasy = prompt[prompt.count - 1] < 10
            let (shallow, deep) = (random.next(below: 10) > 0, random.next(below: 10) > 0)
            return RouterExample(
                prompt: prompt, outcomes: [.shallow: shallow == isEasy ? 1 : 0, .deep: deep ? 1 : 0])
        }
    }

    private func directory(_ root: String) throws -> String {
        let model = CausalLanguageModel(Fixture.modelShape(hiddenSize: 32), generator: Generator(seed: 6))
        try model.save(directory: root + "/start")
        try RoutingParts(exit: EarlyExit(after: 1, of: model)).save(directory: root + "/start")
        return root + "/start"
    }

    private func configuration(_ steps: Int) -> RouterConfiguration {
        var configuration = RouterConfiguration(steps: steps)
        configuration.checkpointInterval = 5
        configuration.optimizer.learningRate = 0.01
        return configuration
    }

    @Test func aRouterLearnsWhichPromptsAreEasyAndSaysSoHonestly() async throws {
        try await withTemporaryDirectory { root in
            let trainer = try RouterTrainer(
                configuration(150), directory: directory(root), examples: examples(1500),
                tokenizer: Fixture.tokenizer)
            while !trainer.isDone { _ = try trainer.advance() }
            let evaluation = try #require(trainer.evaluation)
            let shallow = try #require(evaluation.honesty["shallow"])
            #expect(shallow.ranking > 0.8, "\(evaluation)")
            #expect(shallow.calibrationError < 0.1, "\(evaluation)")
            // At half the computing, half the prompts are worth the deep path at a cost of 0.2.
            #expect(evaluation.accuracy > 0.8 && evaluation.computed < 0.85, "\(evaluation)")
            let router = try #require(trainer.parts.router)
            #expect(router.paths == [.shallow, .deep] && router.calibration.count == 2)
        }
    }

    @Test(arguments: [5, 10]) func aResumedTrainingEndsWithTheSameBits(cut: Int) async throws {
        try await withTemporaryDirectory { root in
            let (start, examples) = (try directory(root), examples(120))
            let run = try await TrainingRun.start { [configuration = configuration(15)] in
                try RouterTrainer(configuration, directory: start, examples: examples, tokenizer: Fixture.tokenizer)
            }
            try await run.run(checkpointsIn: root + "/whole")
            let place = Checkpoint.path(root: root + "/whole", step: cut)
            let resumed = try await TrainingRun.start {
                try RouterTrainer.resume(place, examples: examples, tokenizer: Fixture.tokenizer)
            }
            try await resumed.run(checkpointsIn: root + "/again")
            for name in [RoutingParts.routerFile, RoutingParts.configurationFile, "model.safetensors"] {
                func bytes(_ folder: String) throws -> Data {
                    try Data(contentsOf: URL(filePath: "\(root)/\(folder)/step-000015/\(name)"))
                }
                #expect(try bytes("again") == bytes("whole"))
            }
        }
    }

    @Test func whatCannotBeLearntFromIsRefused() async throws {
        try await withTemporaryDirectory { root in
            let start = try directory(root)
            func refusal(_ examples: [RouterExample]) -> String {
                let error = #expect(throws: TrainingError.self) {
                    try RouterTrainer(
                        configuration(3), directory: start, examples: examples, tokenizer: Fixture.tokenizer)
                }
                return error.map { "\($0)" } ?? ""
            }
            #expect(refusal(Array(examples(2))).contains("too few"))
            let deepAlone = examples(50).map { RouterExample(prompt: $0.prompt, outcomes: [.deep: 1]) }
            #expect(refusal(deepAlone).contains("not answered by both the shallow and the deep path"))
            try FileManager.default.removeItem(atPath: start + "/routing.json")
            #expect(refusal(examples(50)).contains("\"early_exit\": is not in the checkpoint"))
            var bad = RouterConfiguration(steps: 1)
            bad.heldOutShare = 0.6
            bad.calibrationShare = 0.4
            #expect(throws: TrainingError.self) { try bad.validate() }
        }
    }
}
