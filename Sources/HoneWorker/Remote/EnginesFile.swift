public import Foundation
import HoneDatasets
import HoneHTTP
import HoneRemote

/// The models that servers elsewhere answer with: a JSON file for `hone work --engines`, by the models' names.
public struct EnginesFile: Sendable {
    let models: [String: RemoteModel]

    var isEmpty: Bool { models.isEmpty }

    /// No model is served elsewhere.
    public init() {
        models = [:]
    }

    /// - Parameters:
    ///   - file: the file
    ///   - environment: where `key_env` looks
    /// - Throws: `WorkerError.file` with the model and the field at fault; never with a key.
    public init(file: URL, environment: [String: String]) throws(WorkerError) {
        func fault(_ text: String) -> WorkerError { .file(path: file.path, line: nil, fault: text) }
        do {
            let stated = try JSONDecoder().decode(Stated.self, from: Data(contentsOf: file))
            models = try stated.models.mapValues { try $0.model(environment) }
            if models.isEmpty { throw fault("names no model") }
        } catch let error as DecodingError {
            guard case .payload(let key, let text) = WorkerError(error) else { throw fault("cannot be read") }
            throw fault(key.map { "\"\($0)\" \(text)" } ?? text)
        } catch let error as WorkerError {
            if case .payload(let key, let text) = error { throw fault("\"\(key ?? "models")\" \(text)") }
            throw error
        } catch let error as HTTPError {
            throw fault("\(error)")
        } catch {
            throw fault("cannot be read: \(error.fileReason)")
        }
    }

    private struct Stated: Decodable {
        let models: [String: StatedModel]

        private enum Keys: String, CodingKey, CaseIterable {
            case models
        }

        init(from decoder: any Decoder) throws {
            try decoder.refuseStrangers(Keys.self)
            models = try decoder.container(keyedBy: Keys.self).decode([String: StatedModel].self, forKey: .models)
        }
    }
}

/// A model that servers answer with.
struct RemoteModel: Sendable {
    var engine: RemoteEngineConfiguration
    /// A directory with the model's tokenizer, where prompts go out as tokens of the servers' own model.
    var tokenizer: String?
    /// Where Hone's active checkpoint is laid out for the servers; nil: they answer with weights of their own.
    var handOver: String?
}

/// A model as the file states it.
private struct StatedModel: Decodable {
    private enum Keys: String, CodingKey, CaseIterable {
        case endpoints, `protocol`, model, concurrency, tokenizer, handover
        case keyEnvironment = "key_env"
        case keyFile = "key_file"
        case contextLength = "context_length"
        case tokenIDs = "token_ids"
        case patience = "patience_seconds"
        case connect = "connect_seconds"
        case firstToken = "first_token_seconds"
        case betweenTokens = "between_tokens_seconds"
    }

    private let endpoints: [String]
    private let dialect: Dialect
    private let name: String?
    private let concurrency: Int?
    private let tokenizer: String?
    private let handOver: String?
    private let keyEnvironment: String?
    private let keyFile: String?
    private let contextLength: Int?
    private let tokenIDs: Bool?
    private let seconds: [Keys: Double]

    init(from decoder: any Decoder) throws {
        try decoder.refuseStrangers(Keys.self)
        let container = try decoder.container(keyedBy: Keys.self)
        endpoints = try container.decode([String].self, forKey: .endpoints)
        dialect = try container.decode(Dialect.self, forKey: .protocol)
        name = try container.decodeIfPresent(String.self, forKey: .model)
        concurrency = try container.decodeIfPresent(Int.self, forKey: .concurrency)
        tokenizer = try container.decodeIfPresent(String.self, forKey: .tokenizer)
        handOver = try container.decodeIfPresent(String.self, forKey: .handover)
        keyEnvironment = try container.decodeIfPresent(String.self, forKey: .keyEnvironment)
        keyFile = try container.decodeIfPresent(String.self, forKey: .keyFile)
        contextLength = try container.decodeIfPresent(Int.self, forKey: .contextLength)
        tokenIDs = try container.decodeIfPresent(Bool.self, forKey: .tokenIDs)
        let timers: [Keys] = [.patience, .connect, .firstToken, .betweenTokens]
        seconds = try timers.reduce(into: [:]) { seconds, key in
            seconds[key] = try container.decodeIfPresent(Double.self, forKey: key)
        }
    }

    func model(_ environment: [String: String]) throws -> RemoteModel {
        func require(_ holds: Bool, _ key: Keys, _ fault: String) throws {
            if !holds { throw WorkerError.payload(key: key.rawValue, fault: fault) }
        }
        try require(!endpoints.isEmpty, .endpoints, "names no server")
        try require((1...4096).contains(concurrency ?? 1), .concurrency, "must be between 1 and 4096")
        try require((contextLength ?? 1) > 0, .contextLength, "must be at least 1")
        for (key, value) in seconds {
            try require(value > 0 && value <= 86_400, key, "must lie above 0 and up to 86400")
        }
        var engine = RemoteEngineConfiguration(
            endpoints: try endpoints.map { try HTTPAddress($0) }, dialect: dialect, model: name, usesTokenIDs: tokenIDs)
        let isOfTokens = dialect == .vllm || dialect == .sglang
        try require(handOver == nil || isOfTokens, .handover, "goes with the protocols vllm and sglang")
        try require(
            !engine.usesTokenIDs || tokenizer != nil || handOver != nil, .tokenizer,
            "is missing: prompts go out as tokens, so name a directory with the model's tokenizer")
        engine.concurrency = concurrency ?? engine.concurrency
        engine.contextLength = contextLength
        engine.key = try key(environment)
        if let value = seconds[.patience] { engine.patience = .seconds(value) }
        if let value = seconds[.connect] { engine.limits.connect = .seconds(value) }
        if let value = seconds[.firstToken] { engine.limits.firstByte = .seconds(value) }
        if let value = seconds[.betweenTokens] { engine.limits.betweenBytes = .seconds(value) }
        return RemoteModel(engine: engine, tokenizer: tokenizer, handOver: handOver)
    }

    /// The key itself never stands in the file, which lies where others read it.
    private func key(_ environment: [String: String]) throws -> Secret? {
        if let keyEnvironment {
            guard let value = environment[keyEnvironment], !value.isEmpty else {
                throw WorkerError.payload(
                    key: Keys.keyEnvironment.rawValue, fault: "names \(keyEnvironment), which is not in the environment"
                )
            }
            return Secret(value)
        }
        guard let keyFile else { return nil }
        guard let data = FileManager.default.contents(atPath: keyFile) else {
            throw WorkerError.payload(key: Keys.keyFile.rawValue, fault: "names \(keyFile), which cannot be read")
        }
        return Secret(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
