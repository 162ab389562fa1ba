import HoneModel
import HoneTensor
import Testing

@testable import HoneTraining

@Suite struct ReinforcementAdapterTests {
    private let model = CausalLanguageModel(
        ModelConfiguration(
            vocabularySize: 19, hiddenSize: 16, intermediateSize: 24, layerCount: 2, headCount: 4, kvHeadCount: 2,
            maxPositionCount: 32, attentionBias: true, initializerRange: 0.1), generator: Generator(seed: 4))
    private let ids = Tensor((0..<24).map { $0 * 7 % 19 }, shape: [2, 12])

    /// The model with adapters that change something.
    private func adapted() -> CausalLanguageModel {
        let generator = Generator(seed: 5)
        let made = model.adapted(AdapterConfiguration(rank: 3, alpha: 6), generator: generator)
        noGrad {
            for parameter in made.adapterParameters {
                parameter.tensor.copyInPlace(Tensor.randn(parameter.tensor.shape, generator: generator) * 0.1)
            }
        }
        return made
    }

    @Test(arguments: Golden.Precision.allCases)
    func `T14: a layer with an adapter agrees with PyTorch in value and gradient`(precision: Golden.Precision) throws {
        let golden = try Golden("low_rank", precision)
        let configurations = [
            ("plain", AdapterConfiguration(rank: 2, alpha: 16)),
            ("stabilized", AdapterConfiguration(rank: 2, alpha: 16, isRankStabilized: true)),
        ]
        for (name, configuration) in configurations {
            let (a, b) = (try golden.leaf("A"), try golden.leaf("Bm"))
            var layer = Linear(weight: try golden.input("W"), bias: try golden.input("bias"))
            layer.adapter = LowRankAdapter(down: a, up: b, scale: configuration.scale)
            let y = layer(try golden.input("x"))
            // Sums of terms of both signs, whose rounding is in proportion to the terms.
            let expected = try golden["\(name).y"]
            let bound = precision.tolerance * expected.abs().max().item()
            #expect(y.detach().allClose(expected, rtol: 0, atol: bound), "\(name)")
            (y * y).sum().backward()
            // Sums of squares of numbers near 100: the tolerance is relative to those.
            let scale = precision == .float64 ? 1.0 : 0.1
            for (gradient, quantity) in [(a.grad, "grad.\(name).A"), (b.grad, "grad.\(name).B")] {
                let expected = try golden[quantity]
                let bound = precision.tolerance / scale * expected.abs().max().item()
                #expect(try #require(gradient).allClose(expected, rtol: 0, atol: bound), "\(quantity)")
            }
        }
    }

    @Test func `T14: merged adapters compute what unmerged ones do`() throws {
        let adapted = adapted()
        let (unmerged, merged) = noGrad { (adapted(ids), (try? adapted.merged())?(ids)) }
        let deviation = (unmerged - (try #require(merged))).abs().max().item()
        #expect(deviation <= 1e-6 * max(1, unmerged.abs().max().item()))
        #expect(!unmerged.allClose(noGrad { model(ids) }, rtol: 1e-3, atol: 1e-3))
    }

    @Test func `fresh adapters change nothing, and without adapters the network is the one from before, bit for bit`() {
        let fresh = model.adapted(AdapterConfiguration(rank: 4), generator: Generator(seed: 6))
        noGrad {
            #expect(fresh(ids).equals(model(ids)))
            #expect(adapted().withoutAdapters()(ids).equals(model(ids)))
        }
    }

    @Test func `adapters are saved under paths of their own and beside the model's parameters`() throws {
        let adapted = adapted()
        #expect(adapted.namedParameters.map(\.name) == model.namedParameters.map(\.name))
        #expect(adapted.adapterParameters.count == 2 * 4 * 2)
        #expect(adapted.adapterParameters[0].name == "model.layers.0.self_attn.qkv_proj.lora_A.weight")
        let state = Dictionary(
            uniqueKeysWithValues: adapted.adapterParameters.map { ($0.name, $0.tensor.detach().clone()) })
        let other = model.adapted(AdapterConfiguration(rank: 3, alpha: 6), generator: Generator(seed: 9))
        try other.loadAdapters(state)
        #expect(noGrad { other(ids).equals(adapted(ids)) })
        #expect(throws: TensorError.self) { try other.loadAdapters(state.filter { !$0.key.contains("lora_A") }) }
    }
}
