import Foundation
import HoneModel
import HoneTensor
import Testing

@Suite struct DirectoryTests {
    @Test(arguments: ["llama", "qwen2"])
    func `a saved model is loaded with the same configuration and weights`(name: String) throws {
        let fixture = try ModelFixture(name)
        try withTemporaryFolder { folder in
            try fixture.model.save(directory: folder)
            let copy = try CausalLanguageModel.load(directory: folder)
            #expect(copy.configuration == fixture.model.configuration)
            #expect(copy.configuration.parameterCount == copy.parameterCount)
            #expect(copy.stateDictionary().keys.sorted() == fixture.model.stateDictionary().keys.sorted())
            #expect(copy(try fixture["ids"]).equals(fixture.model(try fixture["ids"])))
        }
    }

    @Test func `fresh models are the same for the same seed and differ for another`() {
        let configuration = ModelConfiguration(
            vocabularySize: 20, hiddenSize: 16, intermediateSize: 24, layerCount: 1, headCount: 2, maxPositionCount: 32)
        let models = [1, 1, 2].map { CausalLanguageModel(configuration, generator: Generator(seed: $0)) }
        let ids = Tensor([[1, 2, 3]])
        #expect(models[0](ids).equals(models[1](ids)))
        #expect(!models[0](ids).equals(models[2](ids)))
    }

    @Test(arguments: [
        (#""hidden_act":"gelu""#, "hidden_act"),
        (#""rope_scaling":{"rope_type":"dynamic","factor":4.0}"#, "rope_type"),
        (#""model_type":"mamba""#, "model_type"),
        (#""mlp_bias":true"#, "mlp."),
        (#""attention_bias":true"#, "self_attn."),
        (#""num_key_value_heads":3"#, "num_key_value_heads"),
        (#""hidden_size":-1"#, "hidden_size"),
        (#""hidden_size":"x""#, "hidden_size"),
        (#""vocab_size":1000"#, "lm_head"),
        (#""eos_token_id":[5,99999]"#, "token_id"),
        (#""quantization_config":{"bits":4}"#, "quantization_config"),
        (#""x":"#, "JSON"),
    ])
    func `a configuration that Hone does not compute is refused by field`(field: String, named: String) throws {
        let fixture = try ModelFixture("llama")
        try withTemporaryFolder { folder in
            try fixture.model.save(directory: folder)
            let path = folder + "/config.json"
            let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
            let key = try #require(field.split(separator: ":").first)
            let kept = text.split(separator: "\n").filter { !$0.contains("\(key) :") && $0 != "{" && $0 != "}" }
            let body = kept.joined().trimmingCharacters(in: [" ", ","])
            try Data("{\(field),\(body)}".utf8).write(to: URL(filePath: path))
            let error = #expect(throws: ModelError.self) { try CausalLanguageModel.load(directory: folder) }
            let description = error?.description ?? ""
            #expect(description.hasPrefix(folder) && description.contains(named), "\(description)")
        }
    }

    @Test func `a missing directory and missing weights are named`() throws {
        let fixture = try ModelFixture("llama")
        try withTemporaryFolder { folder in
            #expect(throws: ModelError.self) { try CausalLanguageModel.load(directory: folder) }
            try fixture.model.save(directory: folder)
            try FileManager.default.removeItem(atPath: folder + "/model.safetensors")
            #expect(throws: ModelError.self) { try CausalLanguageModel.load(directory: folder) }
        }
    }
}
