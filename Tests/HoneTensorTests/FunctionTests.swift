import HoneTensor
import Testing

@Suite struct FunctionTests {
    @Test func `functions agree with PyTorch`() throws {
        let golden = try fixture("functions")
        let x = try #require(golden["x"])
        let weight = try #require(golden["weight"])
        let bias = try #require(golden["bias"])
        let q = try #require(golden["q"])
        let k = try #require(golden["k"])
        let v = try #require(golden["v"])
        let targets = try #require(golden["targets"])
        let computed = [
            "rms_norm": x.rmsNorm(weight, eps: 1e-5),
            "layer_norm": x.layerNorm(weight, bias: bias, eps: 1e-5),
            "linear": x.linear(bias.unsqueeze(1) * weight, bias: bias),
            "causal": Tensor.scaledDotProductAttention(q, k, v, isCausal: true, groupedQueries: true),
            "masked": Tensor.scaledDotProductAttention(
                q, k, v, mask: golden["mask"], scale: 0.3, groupedQueries: true),
            "cross_entropy": x.crossEntropy(targets),
            "cross_entropy_none": x.crossEntropy(targets, reduction: .none),
            "variance": x.variance(dim: 1),
            "clamped": x.clamp(min: -0.5, max: 0.25),
            "tril": x.tril(diagonal: -1),
        ]
        for (name, tensor) in computed {
            let expected = try #require(golden[name])
            #expect(tensor.allClose(expected, rtol: 1e-5, atol: 1e-6), "\(name)")
        }
    }
}

/// Two layers, as the oracle's `Sequential` names them.
private struct Network: Module {
    let first = Linear(4, 16)
    let second = Linear(16, 3)

    func callAsFunction(_ x: Tensor) -> Tensor { second(first(x).silu()) }

    func visit(_ visitor: ParameterVisitor) {
        visitor.module("0", first)
        visitor.module("2", second)
    }
}

@Suite struct OptimizationTests {
    private func loaded() throws -> (network: Network, golden: [String: Tensor]) {
        let golden = try fixture("optimizer")
        let network = Network()
        try network.load(
            Dictionary(
                uniqueKeysWithValues: network.stateDictionary().keys.map { ($0, try #require(golden["before.\($0)"])) })
        )
        return (network, golden)
    }

    /// The oracle's loop from step `range.lowerBound` on; gives loss and gradient norm of each step.
    private func train(
        _ network: Network, _ optimizer: AdamW, _ golden: [String: Tensor], steps range: Range<Int>
    ) throws -> [(loss: Float, norm: Float)] {
        let x = try #require(golden["x"])
        let y = try #require(golden["y"])
        let schedule = LearningRateSchedule.constant(1e-2, warmupSteps: 10)
        return range.map { step in
            let loss = network(x).crossEntropy(y)
            optimizer.zeroGrad()
            loss.backward()
            let norm = clipGradNorm(network.parameters, maxNorm: 0.5)
            optimizer.learningRate = schedule.rate(at: step)
            optimizer.step()
            return (loss.item(Float.self), Float(norm))
        }
    }

    private func optimizer(_ network: Network) -> AdamW {
        AdamW(network.namedParameters, learningRate: 1e-2, betas: (0.9, 0.95), weightDecay: 0.1)
    }

    @Test func `T15: ten AdamW steps with clipping and warm-up agree with PyTorch`() throws {
        let (network, golden) = try loaded()
        let record = try train(network, optimizer(network), golden, steps: 0..<10)
        #expect(Tensor(record.map(\.loss)).allClose(try #require(golden["losses"]), rtol: 1e-5, atol: 1e-6))
        #expect(Tensor(record.map(\.norm)).allClose(try #require(golden["norms"]), rtol: 1e-5, atol: 1e-6))
        for (name, tensor) in network.stateDictionary() {
            #expect(tensor.allClose(try #require(golden["after.\(name)"]), rtol: 1e-5, atol: 1e-6), "\(name)")
        }
    }

    @Test func `a resumed optimizer ends bit by bit where an undisturbed one does`() throws {
        let (whole, golden) = try loaded()
        _ = try train(whole, optimizer(whole), golden, steps: 0..<10)
        let (parts, _) = try loaded()
        let first = optimizer(parts)
        _ = try train(parts, first, golden, steps: 0..<4)
        let (weights, moments) = try withTemporaryFolder { folder in
            try Safetensors.write(parts.stateDictionary(), to: folder + "/model.safetensors")
            try Safetensors.write(first.stateDictionary(), to: folder + "/optimizer.safetensors")
            return (
                try Safetensors.read(folder + "/model.safetensors"),
                try Safetensors.read(folder + "/optimizer.safetensors")
            )
        }
        let resumed = Network()
        try resumed.load(weights)
        let second = optimizer(resumed)
        try second.load(moments)
        _ = try train(resumed, second, golden, steps: 4..<10)
        for (name, tensor) in whole.stateDictionary() {
            #expect(tensor.equals(try #require(resumed.stateDictionary()[name])), "\(name)")
        }
    }

    @Test func `a state that does not fit changes nothing and names the tensor`() throws {
        let network = Network()
        let before = network.stateDictionary().mapValues { $0.clone() }
        var wrong = before.mapValues { $0 + 1 }
        wrong["2.weight"] = Tensor.zeros([3, 17])
        let fault = "has shape [3, 17], this model needs [3, 16]"
        #expect(throws: TensorError.stateMismatch(name: "2.weight", fault: fault)) { try network.load(wrong) }
        wrong["2.weight"] = nil
        #expect(throws: TensorError.stateMismatch(name: "2.weight", fault: "is missing")) { try network.load(wrong) }
        wrong["2.weight"] = before["2.weight"]
        wrong["3.weight"] = before["2.weight"]
        #expect(throws: TensorError.self) { try network.load(wrong) }
        for (name, tensor) in network.stateDictionary() { #expect(tensor.equals(try #require(before[name]))) }
    }

    @Test func `schedules rise, peak and fall where they say`() {
        let cosine = LearningRateSchedule.cosine(peak: 2, warmupSteps: 4, totalSteps: 14, finalFraction: 0.1)
        #expect(cosine.rate(at: 0) == 0.5)
        #expect(cosine.rate(at: 3) == 2)
        #expect(cosine.rate(at: 4) == 2)
        #expect(abs(cosine.rate(at: 9) - 1.1) < 1e-12)
        #expect(abs(cosine.rate(at: 14) - 0.2) < 1e-12)
        #expect(abs(cosine.rate(at: 1000) - 0.2) < 1e-12)
        #expect(LearningRateSchedule.constant(3).rate(at: 7) == 3)
    }
}
