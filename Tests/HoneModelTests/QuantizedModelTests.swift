import Foundation
import HoneModel
import HoneTensor
import Testing

@Suite struct QuantizedModelTests {
    private static let tokens: [[Int32]] = (0..<12).map { (row: Int) -> [Int32] in
        (0..<20).map { (place: Int) -> Int32 in Int32((row * 31 + place * (17 + row * 5)) % 60) }
    }
    private static let calibration = QuantizationRecord.Calibration(
        sequenceCount: 12, tokenCount: 240, source: "a test")

    private static func network(
        _ kind: ModelConfiguration.Kind = .llama, tied: Bool = false, biases: Bool = false
    ) -> CausalLanguageModel {
        let shape = ModelConfiguration(
            kind: kind, vocabularySize: 60, hiddenSize: 32, intermediateSize: 72, layerCount: 2, headCount: 4,
            kvHeadCount: 2, headSize: 8, maxPositionCount: 64, tiesEmbeddings: tied, attentionBias: biases,
            attentionOutputBias: biases, feedForwardBias: biases, initializerRange: 0.15)
        let model = CausalLanguageModel(shape, generator: Generator(seed: 4))
        // Inputs that stand out, and biases that are not 0.
        noGrad {
            for parameter in model.namedParameters where parameter.tensor.shape.count == 1 {
                let noise = Tensor.randn(parameter.tensor.shape, generator: Generator(seed: 6))
                parameter.tensor.copyInPlace(parameter.tensor + noise.abs() * 2)
            }
        }
        return model
    }

    private static let plans: [(String, PrecisionPlan)] = [
        ("int8", PrecisionPlan(.int8)), ("bf16", PrecisionPlan(.bfloat16)),
        (
            "mixed",
            PrecisionPlan(
                .int8,
                exceptions: [
                    "model.layers.0.mlp.down_proj": .int4, "model.layers.1.self_attn.o_proj": .bfloat16,
                    "model.layers.1.mlp.gate_up_proj": .float32,
                ])
        ),
    ]

    private func quantized(
        _ model: CausalLanguageModel, _ plan: PrecisionPlan, sparsity: Double = 0
    ) throws -> QuantizedModel {
        try ModelQuantizer(model, sequences: Self.tokens, calibration: Self.calibration)
            .quantized(plan, embedding: .int8, sparsity: sparsity)
    }

    private func logits(_ model: CausalLanguageModel) -> Tensor {
        noGrad { model(Tensor(Self.tokens[3].map(Int.init), shape: [1, 20]))[0] }
    }

    private func relativeDistance(_ found: Tensor, _ exact: Tensor) -> Double {
        let square: Double = ((found - exact).pow(2).sum() / exact.pow(2).sum()).item()
        return square.squareRoot()
    }

    private static let kinds: [(kind: ModelConfiguration.Kind, isTied: Bool, hasBiases: Bool)] = [
        (.llama, false, true), (.llama, true, false), (.qwen3, false, false),
    ]

    @Test(arguments: plans.indices, kinds.indices)
    func `what is saved is loaded in the same bits, and answers near the model that it was made from`(
        plan: Int, kind: Int
    ) throws {
        let asked = Self.kinds[kind]
        let network = Self.network(asked.kind, tied: asked.isTied, biases: asked.hasBiases)
        let made = try quantized(network, Self.plans[plan].1)
        try withTemporaryFolder { folder in
            try made.save(directory: folder)
            let loaded = try CausalLanguageModel.served(directory: folder)
            #expect(loaded.configuration.quantization == made.configuration.quantization)
            #expect(loaded.configuration.quantization?.plan == Self.plans[plan].1)
            let found = logits(loaded)
            #expect(found.equals(logits(made.served)))
            #expect(relativeDistance(found, logits(network)) < 0.3)
            let plain = try QuantizedModel(directory: folder).dequantized
            #expect(plain.configuration.quantization == nil)
            #expect(relativeDistance(found, logits(plain)) < 0.05)
            try plain.save(directory: folder + "/plain")
            #expect(logits(try CausalLanguageModel.load(directory: folder + "/plain")).equals(logits(plain)))
        }
    }

    @Test func `the row engine packs nothing anew and agrees with the layers`() throws {
        let made = try quantized(Self.network(), Self.plans[2].1, sparsity: 0.3)
        #expect(made.configuration.quantization?.thresholds.isEmpty == false)
        let served = made.served
        let prepared = try #require(PreparedModel(served))
        var step = NetworkStep()
        step.add(Self.tokens[3], past: 0, pages: [0, 1], isRead: true)
        let found = prepared(step, pages: prepared.makePages(count: 2))
        #expect(distance(found[0], logits(served)[-1]) < 1e-4)
    }

    @Test func `smoothing moves the difficulty, not the result`() throws {
        let network = Self.network()
        let exact = logits(network)
        let quantizer = try ModelQuantizer(network, sequences: Self.tokens, calibration: Self.calibration)
        let same = try quantizer.quantized(PrecisionPlan(.float32), embedding: .float32)
        #expect(same.configuration.quantization?.smoothing.isEmpty == false)
        #expect(relativeDistance(logits(same.served), exact) < 1e-4)
        #expect(logits(network).equals(exact))
    }

    @Test func `a layer's sensitivity rises as its bits fall, and sizes are those of the file`() throws {
        let network = Self.network()
        let quantizer = try ModelQuantizer(network, sequences: Self.tokens, calibration: Self.calibration)
        let layers = try quantizer.sensitivities(tokenLimit: 200)
        #expect(layers.map(\.path).contains("lm_head") && layers.count == 10)
        for layer in layers {
            let byBits = Dictionary(uniqueKeysWithValues: layer.options.map { ($0.precision, $0) })
            #expect(byBits[.float32]?.divergence == 0)
            let (eight, four) = (try #require(byBits[.int8]), try #require(byBits[.int4]))
            #expect(eight.divergence < four.divergence, "\(layer.path)")
            #expect(four.byteCount < eight.byteCount)
        }
        let limit = network.configuration.fullByteCount * 3 / 10
        let chosen = try #require(
            PrecisionPlanner(layers).choose(byteLimit: limit - network.configuration.fixedByteCount))
        let plan = PrecisionPlan.chosen(chosen, for: layers)
        let made = try quantizer.quantized(plan.linears, embedding: plan.embedding)
        #expect(made.byteCount <= limit)
        #expect(made.byteCount > limit * 8 / 10)
    }

    @Test func `how keys and values are kept is read with the weights`() throws {
        let quantizer = try ModelQuantizer(Self.network(), sequences: Self.tokens, calibration: Self.calibration)
        for entry in KeyValuePages.Entry.allCases {
            let made = try quantizer.quantized(PrecisionPlan(.int8), embedding: .int8, cache: entry)
            try withTemporaryFolder { folder in
                try made.save(directory: folder)
                #expect(try CausalLanguageModel.served(directory: folder).configuration.cacheEntry == entry)
            }
        }
    }

    @Test func `weights in fewer bits are not trained on`() throws {
        let made = try quantized(Self.network(), PrecisionPlan(.int8))
        try withTemporaryFolder { folder in
            try made.save(directory: folder)
            let error = #expect(throws: ModelError.self) { try CausalLanguageModel.load(directory: folder) }
            #expect("\(try #require(error))".contains("are not trained"))
        }
    }

    @Test func `what is missing, of another shape or type, no number or no scale is named`() throws {
        let made = try quantized(Self.network(), Self.plans[2].1)
        let path = "model.layers.0.mlp.down_proj"
        let changes: [(words: String, change: (inout [String: Tensor]) -> Void)] = [
            ("lacks the tensor '\(path).scales'", { $0[path + ".scales"] = nil }),
            ("lacks the tensor '\(path).weight'", { $0[path + ".weight"] = nil }),
            ("'\(path).scales' is BF16 [32, 1], and", { $0[path + ".scales"] = Tensor.ones([32, 1]).to(.bfloat16) }),
            ("'\(path).weight' is I8 [32, 72], and", { $0[path + ".weight"] = Tensor.zeros([32, 72], dtype: .int8) }),
            ("'lm_head.scales' is F32 [60], and", { $0["lm_head.scales"] = Tensor.ones([60]) }),
            (
                "'lm_head.scales' holds a scale that is not above 0",
                { $0["lm_head.scales"] = Tensor.zeros([60], dtype: .bfloat16) }
            ),
            (
                "'lm_head.scales' holds what is no number",
                { $0["lm_head.scales"] = Tensor([Float](repeating: .nan, count: 60)).to(.bfloat16) }
            ),
            ("holds 'extra', which is no tensor of this model", { $0["extra"] = Tensor.ones([1]) }),
        ]
        for (words, change) in changes {
            try withTemporaryFolder { folder in
                try made.save(directory: folder)
                var tensors = try Safetensors.read(folder + "/model.safetensors")
                change(&tensors)
                try Safetensors.write(tensors, to: folder + "/model.safetensors")
                let error = #expect(throws: ModelError.self) { try QuantizedModel(directory: folder) }
                let message = error.map { "\($0)" } ?? ""
                #expect(message.contains(words) && message.contains("model.safetensors"), "\(message)")
            }
        }
    }

    @Test func `a record of another version, of strange layers or of another program is refused by name`() throws {
        let made = try quantized(Self.network(), PrecisionPlan(.int8))
        let changes = [
            (#""version" : 1"#, #""version" : 9"#, "version 9"),
            (#""quant_method" : "hone""#, #""quant_method" : "gptq""#, "the method 'gptq'"),
            (#""precision" : 8"#, #""precision" : 3"#, "'quantization_config.precision'"),
            (#""compensates" :"#, #""cache" : "int3", "compensates" :"#, "'quantization_config.cache'"),
            (#""exceptions" : {"#, #""exceptions" : {"model.layers.7.mlp.down_proj" : 4"#, "layers.7.mlp.down_proj"),
        ]
        for (old, new, words) in changes {
            try withTemporaryFolder { folder in
                try made.save(directory: folder)
                let file = URL(filePath: folder + "/config.json")
                let text = try String(contentsOf: file, encoding: .utf8)
                #expect(text.contains(old), "\(old)")
                try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: file)
                let error = #expect(throws: ModelError.self) { try CausalLanguageModel.served(directory: folder) }
                let message = error.map { "\($0)" } ?? ""
                #expect(message.contains(words), "\(message)")
            }
        }
    }
}
