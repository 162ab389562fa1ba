import HoneModel
import HoneTensor
import Testing

@Suite struct TransformersTests {
    /// The loss that transformers computes: every position predicts the next label.
    private func loss(_ fixture: ModelFixture) throws -> Tensor {
        let logits_BTV = fixture.model(try fixture["ids"])
        let predicted = logits_BTV.slice(1, end: -1).flatten(from: 0, through: 1)
        return predicted.crossEntropy(try fixture["labels"][.all, 1...].reshape(-1))
    }

    @Test(arguments: ["llama", "qwen2"])
    func `logits and loss agree with transformers`(name: String) throws {
        let fixture = try ModelFixture(name)
        #expect(distance(fixture.model(try fixture["ids"]), try fixture["logits"]) < 1e-5)
        #expect(distance(try loss(fixture), try fixture["loss"]) < 1e-5)
    }

    @Test(arguments: ["llama", "qwen2"])
    func `every parameter's gradient agrees with transformers`(name: String) throws {
        let fixture = try ModelFixture(name)
        try loss(fixture).backward()
        var count = 0
        for parameter in fixture.model.namedParameters {
            let gradient = try #require(parameter.tensor.grad)
            let rows = NamedParameter(name: parameter.name, tensor: gradient, pieces: parameter.pieces)
            for (name, piece) in rows.saved {
                #expect(distance(piece, try fixture["grad.\(name)"]) < 1e-5, "\(name)")
                count += 1
            }
        }
        #expect(count == fixture.expected.keys.count { $0.hasPrefix("grad.") })
    }

    @Test(arguments: ["llama", "qwen2"])
    func `ten AdamW steps end where those of PyTorch do`(name: String) throws {
        let fixture = try ModelFixture(name)
        let optimizer = AdamW(
            fixture.model.namedParameters, learningRate: 3e-3, betas: (0.9, 0.95), weightDecay: 0.1)
        var losses: [Float] = []
        for _ in 0..<10 {
            optimizer.zeroGrad()
            let loss = try loss(fixture)
            loss.backward()
            clipGradNorm(fixture.model.parameters, maxNorm: 1)
            optimizer.step()
            losses.append(loss.item(Float.self))
        }
        #expect(distance(Tensor(losses), try fixture["losses"]) < 1e-4)
        for (name, tensor) in fixture.model.stateDictionary() {
            #expect(distance(tensor, try fixture["after.\(name)"]) < 1e-4, "\(name)")
        }
    }
}
