internal import Foundation
public import HoneTensor

// Hugging Face directories: config.json and model.safetensors, or several files with an index.
extension CausalLanguageModel {
    /// Reads a model that transformers or Hone saved. Weights of other types become `.float32`.
    public static func load(directory: String, device: Device = .cpu) throws -> CausalLanguageModel {
        let configuration = try ModelConfiguration.read(directory: directory)
        let weights = try weights(directory: directory, configuration)
        // Before memory is taken for what a wrong configuration asks for.
        let count = weights.values.reduce(0) { $0 + $1.count }
        guard count == configuration.parameterCount else {
            let fault = "describes \(configuration.parameterCount) parameters, the weights beside it are \(count)"
            throw ModelError.file(path: directory + "/config.json", fault: fault)
        }
        let model = CausalLanguageModel(unfilled: configuration, device: device)
        try model.load(weights)
        return model
    }

    /// Writes `config.json` and `model.safetensors`; the directory is made if it is missing.
    public func save(directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try configuration.write(directory: directory)
        try Safetensors.write(stateDictionary(), metadata: ["format": "pt"], to: directory + "/model.safetensors")
    }

    private static func weights(
        directory: String, _ configuration: ModelConfiguration
    ) throws -> [String: Tensor] {
        var weights: [String: Tensor] = [:]
        for file in try weightFiles(directory: directory) {
            let opened = try SafetensorsFile(file)
            for name in opened.names where !isDerived(name, configuration) {
                weights[name] = try opened.tensor(name)
            }
        }
        return weights
    }

    /// Tensors that some files carry though they follow from the others.
    private static func isDerived(_ name: String, _ configuration: ModelConfiguration) -> Bool {
        name.hasSuffix(".rotary_emb.inv_freq") || (configuration.tiesEmbeddings && name == "lm_head.weight")
    }

    private struct Index: Decodable {
        let weightMap: [String: String]

        enum CodingKeys: String, CodingKey {
            case weightMap = "weight_map"
        }
    }

    private static func weightFiles(directory: String) throws -> [String] {
        let index = directory + "/model.safetensors.index.json"
        guard FileManager.default.fileExists(atPath: index) else { return [directory + "/model.safetensors"] }
        let names = Set(try readJSON(Index.self, index).weightMap.values).sorted()
        for name in names where name.contains("/") {
            throw ModelError.file(path: index, fault: "names '\(name)', which is outside its directory")
        }
        return names.map { directory + "/" + $0 }
    }
}

extension ModelConfiguration {
    public static func read(directory: String) throws -> ModelConfiguration {
        try readJSON(ModelConfiguration.self, directory + "/config.json")
    }

    public func write(directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = try encoder.encode(self) + Data("\n".utf8)
        try text.write(to: URL(filePath: directory + "/config.json"), options: .atomic)
    }
}

/// Decodes a JSON file; faults name the file and the field.
func readJSON<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    do {
        return try JSONDecoder().decode(type, from: Data(contentsOf: URL(filePath: path)))
    } catch let error as ModelError {
        throw ModelError.file(path: path, fault: "\(error)")
    } catch DecodingError.keyNotFound(let key, _) {
        throw ModelError.file(path: path, fault: "lacks the field '\(key.stringValue)'")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
        let field = context.codingPath.map(\.stringValue).joined(separator: ".")
        throw ModelError.file(path: path, fault: "the field '\(field)' has a value of the wrong type")
    } catch is DecodingError {
        throw ModelError.file(path: path, fault: "is not valid JSON")
    } catch {
        throw ModelError.file(path: path, fault: "cannot be read: \(error.localizedDescription)")
    }
}
