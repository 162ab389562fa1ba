import Foundation
import HoneModel
import HoneTensor
import Testing

/// Every layout that Hone imports, against what transformers computes; `Tests/Oracles/imported_model_fixtures.py`.
@Suite struct ImportedModelTests {
    static let names = [
        "llama-3", "llama-linear-biased", "llama-yarn", "qwen2-yarn-sliding", "qwen3", "qwen3-sliding",
    ]

    @Test(arguments: names)
    func `logits agree with transformers`(name: String) throws {
        let fixture = try ModelFixture(name, in: "imported")
        let ids = try fixture["ids"]
        #expect(distance(noGrad { fixture.model(ids) }, try fixture["logits"]) < 1e-4)
    }

    @Test(arguments: names)
    func `greedy continuations are those of transformers, token for token, for prompts side by side`(
        name: String
    ) throws {
        let fixture = try ModelFixture(name, in: "imported")
        let prompts_BT = try fixture["prompts"]
        let expected_BT = try fixture["greedy"]
        let (count, length, newCount) = (prompts_BT.size(0), prompts_BT.size(1), expected_BT.size(1))
        let cache = KVCache(fixture.model.configuration, rowCapacity: count, tokenCapacity: length + newCount)
        let found_BT = noGrad {
            var next_B = fixture.model.prefill(TokenLine(rows: prompts_BT), cache: cache).argmax(dim: -1)
            var columns = [next_B]
            while columns.count < newCount {
                next_B = fixture.model.decode(next_B, cache: cache).argmax(dim: -1)
                columns.append(next_B)
            }
            return Tensor.stack(columns, dim: 1)
        }
        #expect(found_BT.toArray(Int.self) == expected_BT.toArray(Int.self))
    }

    @Test(arguments: names)
    func `a saved model is read back with the same configuration and computes the same`(name: String) throws {
        let fixture = try ModelFixture(name, in: "imported")
        try withTemporaryFolder { folder in
            try fixture.model.save(directory: folder)
            let copy = try CausalLanguageModel.load(directory: folder)
            #expect(copy.configuration == fixture.model.configuration)
            #expect(copy.configuration.parameterCount == copy.parameterCount)
            #expect(copy(try fixture["ids"]).equals(fixture.model(try fixture["ids"])))
        }
    }

    @Test(arguments: ["llama-3", "qwen2-yarn-sliding"])
    func `shards joined into one file hold the same weights in the same types`(name: String) throws {
        let fixture = try ModelFixture(name, in: "imported")
        try withTemporaryFolder { folder in
            let weights = try WeightFiles(directory: fixture.directory, for: fixture.model.configuration)
            try fixture.model.configuration.write(directory: folder)
            try weights.join(to: folder + "/model.safetensors")
            let dtypes = Set(try Safetensors.read(folder + "/model.safetensors").values.map(\.dtype))
            #expect(dtypes == [name == "llama-3" ? .bfloat16 : .float16])
            let copy = try CausalLanguageModel.load(directory: folder)
            #expect(copy(try fixture["ids"]).equals(fixture.model(try fixture["ids"])))
        }
    }

    @Test(arguments: [
        (#""rope_parameters":{"rope_type":"dynamic","factor":2.0}"#, "rope_type"),
        (#""rope_parameters":{"rope_type":"longrope","factor":2.0}"#, "rope_type"),
        (#""rope_parameters":{"rope_type":"default","mrope_section":[16,24,24]}"#, "mrope_section"),
        (#""rope_parameters":{"rope_type":"linear"}"#, "factor"),
        (#""rope_parameters":{"rope_type":"yarn","factor":0}"#, "factor"),
        (#""rope_parameters":{"rope_type":"default","partial_rotary_factor":0.5}"#, "partial_rotary_factor"),
        (#""architectures":["Qwen3ForSequenceClassification"]"#, "architectures"),
        (#""auto_map":{"AutoModel":"modeling.Own"}"#, "auto_map"),
        (#""layer_types":["full_attention","chunked_attention"]"#, "chunked_attention"),
        (#""layer_types":["full_attention"],"use_sliding_window":true,"sliding_window":4"#, "layer_types"),
        (#""use_sliding_window":true,"sliding_window":0,"max_window_layers":0"#, "sliding_window"),
        (#""layer_types":["full_attention","sliding_attention"]"#, "sliding_attention"),
        (#""is_causal":false"#, "is_causal"),
        (#""hidden_act":"gelu"#, "JSON"),
    ])
    func `a field that would change the result is refused by its name`(fields: String, named: String) throws {
        let file = #"""
            {"model_type":"qwen3","hidden_size":16,"intermediate_size":24,"num_hidden_layers":2,"vocab_size":48,
             "num_attention_heads":4,"max_position_embeddings":64,
            """# + fields + "}"
        try withTemporaryFolder { folder in
            try Data(file.utf8).write(to: URL(filePath: folder + "/config.json"))
            let error = #expect(throws: ModelError.self) { try ModelConfiguration.read(directory: folder) }
            #expect("\(error.map(\.description) ?? "")".contains(named), "\(error.map(\.description) ?? "")")
        }
    }

    @Test func `older files say the same in other words`() throws {
        func read(_ rope: String) throws -> ModelConfiguration {
            let file = #"""
                {"model_type":"qwen2","hidden_size":16,"intermediate_size":24,"num_hidden_layers":30,"vocab_size":48,
                 "num_attention_heads":4,"max_position_embeddings":64,
                """# + rope + "}"
            return try JSONDecoder().decode(ModelConfiguration.self, from: Data(file.utf8))
        }
        let new = #""rope_parameters":{"rope_type":"linear","factor":2,"rope_theta":5000}"#
        let old = #""rope_theta":5000,"rope_scaling":{"type":"linear","factor":2.0}"#
        #expect(try read(new) == read(old))
        #expect(try read(new).ropeScaling == .linear(factor: 2) && read(old).ropeTheta == 5000)
        #expect(try read(#""rope_scaling":null,"pad_token_id":-1"#).padTokenID == nil)
        let windows = try read(#""use_sliding_window":true,"sliding_window":9,"rope_theta":1"#).attention
        #expect(windows.count == 30 && windows[27] == .full && windows[28] == .sliding(window: 9))
        #expect(try read(#""use_sliding_window":false,"sliding_window":9,"rope_theta":1"#).attention.isEmpty)
    }
}
