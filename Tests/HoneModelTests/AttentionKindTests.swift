import Foundation
import HoneModel
import HoneTensor
import Testing

/// Networks whose layers look at different things: decoding, directories, configurations.
@Suite struct AttentionKindTests {
    private static let kinds: [AttentionKind] = [
        .full, .sliding(window: 7), .hierarchical(window: 16, block: 4, selected: 0),
        .hierarchical(window: 12, block: 5, selected: 2),
    ]

    private func shape(_ kinds: [AttentionKind] = kinds) -> ModelConfiguration {
        ModelConfiguration(
            kind: .qwen3, vocabularySize: 64, hiddenSize: 32, intermediateSize: 48, layerCount: kinds.count,
            headCount: 4, kvHeadCount: 2, maxPositionCount: 128, attention: kinds, initializerRange: 0.2)
    }

    /// Random ones, gates too.
    private func model(_ shape: ModelConfiguration) -> CausalLanguageModel {
        let model = CausalLanguageModel(shape, generator: Generator(seed: 3))
        let random = Generator(seed: 4)
        for parameter in model.namedParameters where parameter.name.contains("branch_gate") {
            _ = noGrad { parameter.tensor.copyInPlace(Tensor.randn(parameter.tensor.shape, generator: random)) }
        }
        return model
    }

    private func row(_ number: Int, _ length: Int) -> [Int] { (0..<length).map { ($0 * 37 + number * 11 + 5) % 64 } }

    /// Whether two results agree: bit for bit where this processor's kernels promise it.
    private func agree(_ a: Tensor, _ b: Tensor) -> Bool {
        Torch.computesTokensAlike ? a.equals(b) : distance(a, b) < 1e-4
    }

    @Test func `decoding has the bits of a full pass, for rows of any lengths, and when rows leave`() {
        let model = model(shape())
        let cache = KVCache(model.configuration, rowCapacity: 6, tokenCapacity: 100)
        // Rows by number and the tokens that they have so far.
        var rows = [(0, 1), (1, 5), (2, 37), (3, 64), (4, 12)]
        noGrad {
            let whole = (0..<6).map { model(Tensor([row($0, 100)])) }
            func check(_ logits: Tensor, _ rows: [(Int, Int)]) {
                for (b, (number, length)) in rows.enumerated() {
                    #expect(agree(logits[b], whole[number][0, length - 1]), "row \(number), token \(length)")
                }
            }
            check(model.prefill(TokenLine(rows.map { row($0, $1).map(Int32.init) }), cache: cache), rows)
            for step in 0..<36 {
                if step == 9 {
                    cache.remove(row: 1)
                    rows.swapAt(1, 4)
                    rows.removeLast()
                }
                if step == 20 {
                    check(model.prefill(TokenLine([row(5, 30).map(Int32.init)]), cache: cache), [(5, 30)])
                    rows.append((5, 30))
                }
                rows = rows.map { ($0, $1 + 1) }
                check(model.decode(Tensor(rows.map { row($0, $1)[$1 - 1] }), cache: cache), rows)
            }
        }
    }

    @Test func `a cache keeps a window and one summary a block`() {
        func bytes(_ kind: AttentionKind) -> Int {
            KVCache(shape([kind]), rowCapacity: 1, tokenCapacity: 1024).byteCount
        }
        let token = 2 * 2 * 8 * 4
        #expect(bytes(.full) == 1024 * token)
        #expect(bytes(.sliding(window: 32)) == 32 * token)
        #expect(bytes(.hierarchical(window: 32, block: 8, selected: 0)) == (32 + 8 + 128) * token)
        for kind in Self.kinds {
            let predicted = shape([kind]).cacheByteCount(tokenCount: 1024)
            #expect(abs(predicted - bytes(kind)) <= 32 * token, "\(kind)")
        }
    }

    @Test func `a saved model is read back, and computes the same`() throws {
        let model = model(shape())
        try withTemporaryFolder { folder in
            try model.save(directory: folder)
            let copy = try CausalLanguageModel.load(directory: folder)
            #expect(copy.configuration == model.configuration)
            #expect(copy.parameterCount == model.configuration.parameterCount)
            #expect(copy(Tensor([row(1, 50)])).equals(model(Tensor([row(1, 50)]))))
        }
    }

    @Test func `a network that transformers computes otherwise does not pass for one of its own`() throws {
        func written(_ shape: ModelConfiguration) throws -> String {
            String(decoding: try JSONEncoder().encode(shape), as: UTF8.self)
        }
        #expect(try written(shape()).contains(#""model_type":"hone""#))
        #expect(try !written(shape()).contains("architectures"))
        #expect(try written(shape([.full, .sliding(window: 9)])).contains(#""model_type":"qwen3""#))
        var llama = shape([.full, .sliding(window: 9)])
        llama.kind = .llama
        #expect(try written(llama).contains(#""model_type":"hone""#))
    }

    @Test(arguments: [
        (#"[{"kind":"full"}]"#, "1 entries for 2 layers"),
        (#"[{"kind":"full"},{"kind":"dilated"}]"#, "dilated"),
        (#"[{"kind":"full"},{"kind":"sliding","block":4}]"#, "block"),
        (#"[{"kind":"full"},{"kind":"sliding","window":0}]"#, "0"),
        (#"[{"kind":"full"},{"kind":"hierarchical","window":4,"block":8}]"#, "block"),
        (#"[{"kind":"full"},{"kind":"hierarchical","selected":-1}]"#, "selected"),
        (#"[{"kind":"full"},{"kind":"sliding"}],"layer_types":["full_attention","full_attention"]"#, "layer_types"),
    ])
    func `numbers that describe no layer are refused by name`(kinds: String, named: String) throws {
        let file = #"""
            {"model_type":"hone","network":"llama","hidden_size":16,"intermediate_size":24,"num_hidden_layers":2,
             "vocab_size":48,"num_attention_heads":4,"max_position_embeddings":64,"attention_kinds":
            """# + kinds + "}"
        let error = #expect(throws: ModelError.self) {
            try JSONDecoder().decode(ModelConfiguration.self, from: Data(file.utf8))
        }
        #expect("\(error.map(\.description) ?? "")".contains(named), "\(error.map(\.description) ?? "")")
    }

    @Test func `numbers that a layer leaves out have their usual values`() throws {
        let file = #"[{"kind":"sliding"},{"kind":"hierarchical"}]"#
        let kinds = try JSONDecoder().decode([AttentionKind].self, from: Data(file.utf8))
        #expect(kinds == [.sliding(window: 32), .hierarchical(window: 32, block: 8, selected: 0)])
    }
}
