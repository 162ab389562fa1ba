internal import Foundation
public import HoneTensor

// Hugging Face directories: config.json and model.safetensors, or several files with an index.
extension CausalLanguageModel {
    /// Reads a model that transformers or Hone saved. Weights of other types become `.float32`.
    public static func load(directory: String, device: Device = .cpu) throws -> CausalLanguageModel {
        try load(directory: directory, device: device, borrowing: false)
    }

    private static func load(directory: String, device: Device, borrowing: Bool) throws -> CausalLanguageModel {
        let configuration = try ModelConfiguration.read(directory: directory)
        guard configuration.quantization == nil else {
            throw ModelError.file(
                path: directory + "/config.json",
                fault: "says that the weights are in fewer bits: they serve, and are not trained, imported or "
                    + "quantized again; take the model that it was made from")
        }
        if device != .cpu, configuration.hasHierarchicalLayers {
            throw ModelError.file(
                path: directory + "/config.json",
                fault: "has hierarchical layers, which are computed on the CPU alone, not on \(device)")
        }
        // Before memory is taken for what a wrong configuration asks for.
        let files = try WeightFiles(directory: directory, for: configuration)
        let model = CausalLanguageModel(unfilled: configuration, device: device)
        try files.fill(model, borrowing: borrowing)
        return model
    }

    /// Reads a model to answer with, in fewer bits where its directory has it so. Its files are mapped, not read, and
    /// must not change as long as it lives; they may be removed or replaced.
    public static func served(directory: String) throws -> CausalLanguageModel {
        let configuration = try ModelConfiguration.read(directory: directory)
        guard configuration.quantization != nil else {
            return try load(directory: directory, device: .cpu, borrowing: true)
        }
        return try QuantizedModel(directory: directory).served
    }

    /// Takes a model's weights from one file, to answer with: mapped as by ``served(directory:)``.
    public static func served(
        weights path: String, configuration: ModelConfiguration
    ) throws -> CausalLanguageModel {
        let files = try WeightFiles(path: path, for: configuration)
        let model = CausalLanguageModel(unfilled: configuration, device: .cpu)
        try files.fill(model, borrowing: true)
        return model
    }

    /// Writes `config.json` and `model.safetensors`; the directory is made if it is missing.
    public func save(directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try configuration.write(directory: directory)
        try Safetensors.write(stateDictionary(), metadata: ["format": "pt"], to: directory + "/model.safetensors")
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
        throw ModelError.file(path: path, fault: "the field '\(context.field)' has a value of the wrong type")
    } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
        throw ModelError.file(path: path, fault: "the field '\(context.field)' has a value that is not known")
    } catch is DecodingError {
        throw ModelError.file(path: path, fault: "is not valid JSON")
    } catch {
        throw ModelError.file(path: path, fault: "cannot be read: \(error.localizedDescription)")
    }
}

extension DecodingError.Context {
    fileprivate var field: String { codingPath.map(\.stringValue).joined(separator: ".") }
}
