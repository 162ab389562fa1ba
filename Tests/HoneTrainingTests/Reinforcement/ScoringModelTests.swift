import Foundation
import HoneModel
import HoneTensor
import Testing

@testable import HoneTraining

@Suite struct ScoringModelTests {
    private let backbone = CausalLanguageModel(
        ModelConfiguration(
            vocabularySize: 19, hiddenSize: 16, intermediateSize: 24, layerCount: 1, headCount: 2,
            maxPositionCount: 32, initializerRange: 0.3), generator: Generator(seed: 4))
    private let line = TokenLine(rows: Tensor((0..<16).map { $0 * 7 % 19 }, shape: [2, 8]))

    @Test(arguments: ScoringModel.Kind.allCases)
    func `a scoring model survives its directory, beside a model that others load`(kind: ScoringModel.Kind) async throws
    {
        try await withTemporaryDirectory { directory in
            let model = ScoringModel(kind, on: backbone, generator: Generator(seed: 5))
            try model.save(directory: directory)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            #expect(files == ["config.json", "model.safetensors", "\(kind.path).safetensors"].sorted())
            let head = try Safetensors.read("\(directory)/\(kind.path).safetensors")
            #expect(head.keys.sorted() == ["\(kind.path).bias", "\(kind.path).weight"])
            let loaded = try ScoringModel.load(kind, directory: directory)
            let positions = Tensor([3, 15])
            noGrad {
                #expect(loaded.scores(line, at: positions).equals(model.scores(line, at: positions)))
                #expect(model.scores(line, at: positions).shape == (kind == .step ? [2, 2] : [2]))
            }
            _ = try CausalLanguageModel.load(directory: directory)
        }
    }

    @Test func `a value head starts at zero and a reward head with the published spread`() {
        let value = ScoringModel(.value, on: backbone, generator: Generator(seed: 5))
        #expect(noGrad { value.scores(line, at: Tensor([1, 2])) }.toArray(Double.self) == [0, 0])
        let wide = CausalLanguageModel(
            ModelConfiguration(
                vocabularySize: 4, hiddenSize: 4096, intermediateSize: 2, layerCount: 1, headCount: 1, headSize: 2,
                maxPositionCount: 8), generator: Generator(seed: 1))
        let head = ScoringModel(.reward, on: wide, generator: Generator(seed: 5)).head
        let spread = head.weight.detach().variance().item().squareRoot()
        #expect(abs(spread * 4097.0.squareRoot() - 1) < 0.05)
        #expect(head.bias?.detach().toArray(Double.self) == [0])
    }

    @Test func `a critic starts with what the reward model says and shares nothing with it`() throws {
        let reward = ScoringModel(.reward, on: backbone, generator: Generator(seed: 5))
        let critic = try reward.makeCritic()
        let positions = Tensor([3, 15])
        let before = noGrad { reward.scores(line, at: positions) }
        #expect(noGrad { critic.scores(line, at: positions) }.equals(before))
        noGrad { for parameter in critic.parameters { parameter.addInPlace(1) } }
        #expect(noGrad { reward.scores(line, at: positions) }.equals(before))
    }

    @Test func `a directory without the head is refused by its name`() async throws {
        try await withTemporaryDirectory { directory in
            try backbone.save(directory: directory)
            let error = #expect(throws: ModelError.self) { try ScoringModel.load(.reward, directory: directory) }
            #expect("\(try #require(error))".contains("reward_head.safetensors"))
        }
    }
}
