import Foundation
import HoneDatasets
import HoneModel
import HoneTokenizer

/// A directory's `generation_config.json`, to which Hone adds the layout.
struct ImportedDefaults {
    let isFromFile: Bool
    let endTokens: [Int32]?
    /// What it says of sampling, which Hone leaves to the request.
    let sampling: [String]
    private var members: [String: JSONValue] = [:]

    private static let samplingFields = [
        "temperature", "top_k", "top_p", "min_p", "typical_p", "repetition_penalty", "no_repeat_ngram_size",
    ]
    /// Fields that change what is written whatever the sampling, with the values that change nothing.
    private static let harmless: [String: [JSONValue]] = [
        "num_beams": [.integer(1)], "bad_words_ids": [], "suppress_tokens": [], "begin_suppress_tokens": [],
        "forced_bos_token_id": [], "forced_eos_token_id": [], "sequence_bias": [], "guidance_scale": [.integer(1)],
        "encoder_repetition_penalty": [.integer(1)], "exponential_decay_length_penalty": [],
        "min_new_tokens": [.integer(0)], "min_length": [.integer(0)],
    ]

    init(directory: String) throws {
        let path = directory + "/" + GenerationDefaults.fileName
        isFromFile = FileManager.default.fileExists(atPath: path)
        endTokens = try GenerationDefaults.read(directory: directory).endTokens
        if isFromFile {
            do {
                members = try JSONDecoder().decode(
                    [String: JSONValue].self, from: Data(contentsOf: URL(filePath: path)))
            } catch {
                throw ModelError.file(path: path, fault: "is no JSON object")
            }
        }
        let members = members
        for (name, values) in Self.harmless.sorted(by: { $0.key < $1.key }) {
            guard let value = members[name], value != .null, !values.contains(value) else { continue }
            throw ModelError.file(path: path, fault: "'\(name)' is \(value.json), which Hone does not follow")
        }
        sampling = Self.samplingFields.compactMap { name in
            members[name].flatMap { $0 == .null ? nil : "\(name) \($0.json)" }
        }
    }

    func write(
        layout: AnswerLayout, _ configuration: ModelConfiguration, _ tokenizer: BytePairTokenizer, to directory: String
    ) throws {
        var members = members
        members["hone_layout"] = .string(layout.rawValue)
        if endTokens == nil {
            let ids = configuration.eosTokenIDs.isEmpty ? [Int(tokenizer.endOfTextID)] : configuration.eosTokenIDs
            members["eos_token_id"] = .array(ids.filter { $0 >= 0 }.map { .integer($0) })
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = try encoder.encode(members) + Data("\n".utf8)
        try text.write(to: URL(filePath: directory + "/" + GenerationDefaults.fileName))
    }
}

extension JSONValue {
    /// As JSON, for an error or a note.
    fileprivate var json: String {
        do {
            return String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
        } catch {
            return "no JSON"
        }
    }
}
