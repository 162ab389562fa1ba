import Foundation
import HoneDatasets
import HoneModel

/// A directory's `generation_config.json` with all that it says, to which Hone adds the layout.
struct GenerationFile {
    let isThere: Bool
    private let path: String
    private let members: [String: JSONValue]

    private static let samplingFields = [
        "temperature", "top_k", "top_p", "min_p", "typical_p", "repetition_penalty", "no_repeat_ngram_size",
    ]
    /// Fields that change what is written whatever the sampling, with the values that change nothing.
    private static let refused: [String: [JSONValue]] = [
        "num_beams": [.integer(1)], "num_beam_groups": [.integer(1)], "guidance_scale": [.integer(1)],
        "encoder_repetition_penalty": [.integer(1)], "min_new_tokens": [.integer(0)], "min_length": [.integer(0)],
        "bad_words_ids": [.array([])], "suppress_tokens": [.array([])], "begin_suppress_tokens": [.array([])],
        "force_words_ids": [.array([])], "constraints": [.array([])], "stop_strings": [.array([])],
        "sequence_bias": [.object([:]), .array([])], "penalty_alpha": [.integer(0)], "forced_bos_token_id": [],
        "forced_eos_token_id": [], "exponential_decay_length_penalty": [], "watermarking_config": [],
    ]

    init(directory: String) throws {
        path = directory + "/" + GenerationDefaults.fileName
        isThere = FileManager.default.fileExists(atPath: path)
        guard isThere else {
            members = [:]
            return
        }
        do {
            members = try JSONDecoder().decode([String: JSONValue].self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw ModelError.file(path: path, fault: "is no JSON object")
        }
    }

    /// Whether it names a token after which an answer ends.
    var namesEnd: Bool { members["eos_token_id"].map { $0 != .null } ?? false }

    /// What it says of sampling, which Hone leaves to the request.
    var sampling: [String] {
        Self.samplingFields.compactMap { name in
            members[name].flatMap { $0 == .null ? nil : "\(name) \($0.json)" }
        }
    }

    /// - Throws: `ModelError.file` for what would change an answer and is not followed.
    func requireFollowed() throws {
        for (name, values) in Self.refused.sorted(by: { $0.key < $1.key }) {
            guard let value = members[name], value != .null, !values.contains(value) else { continue }
            throw ModelError.file(path: path, fault: "'\(name)' is \(value.json), which Hone does not follow")
        }
    }

    /// Writes it with the layout, and with end tokens where it names none.
    func write(to directory: String, layout: AnswerLayout, endTokens: [Int] = []) throws {
        var members = members
        members["hone_layout"] = .string(layout.rawValue)
        if !namesEnd, !endTokens.isEmpty { members["eos_token_id"] = .array(endTokens.map { .integer($0) }) }
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
