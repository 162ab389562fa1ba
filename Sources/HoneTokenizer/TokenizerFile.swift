/// The fields of a Hugging Face `tokenizer.json` that decide ids.
///
/// Format: https://github.com/huggingface/tokenizers, `tokenizers/src/tokenizer/serialization.rs`.
struct TokenizerFile: Codable {
    var version = "1.0"
    var truncation: Settings?
    var padding: Settings?
    var addedTokens: [AddedToken]
    var normalizer: Component?
    var preTokenizer: Component?
    var postProcessor: Component?
    var decoder: Component?
    var model: Model

    /// An object of which it only matters that it is there.
    struct Settings: Codable {}

    struct AddedToken: Codable {
        var id: Int32
        var content: String
        var singleWord = false
        var lstrip = false
        var rstrip = false
        var normalized = false
        var special = true

        enum CodingKeys: String, CodingKey {
            case id, content, lstrip, rstrip, normalized, special
            case singleWord = "single_word"
        }
    }

    struct Component: Codable {
        var type: String
        var addPrefixSpace: Bool?
        var trimOffsets: Bool?
        var useRegex: Bool?

        static func byteLevel(partsWords: Bool) -> Component {
            Component(type: "ByteLevel", addPrefixSpace: false, trimOffsets: true, useRegex: partsWords)
        }

        enum CodingKeys: String, CodingKey {
            case type
            case addPrefixSpace = "add_prefix_space"
            case trimOffsets = "trim_offsets"
            case useRegex = "use_regex"
        }
    }

    struct Model: Codable {
        var type = "BPE"
        var dropout: Double?
        var ignoreMerges: Bool?
        var vocab: [String: Int32]
        var merges: [Merge] = []

        enum CodingKeys: String, CodingKey {
            case type, dropout, vocab, merges
            case ignoreMerges = "ignore_merges"
        }
    }

    /// A pair that becomes one token: in old files a text with a space between the two, in new ones a list.
    struct Merge: Codable {
        let left: String
        let right: String

        init(left: String, right: String) {
            self.left = left
            self.right = right
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let parts: [String]
            do {
                parts = try container.decode([String].self)
            } catch DecodingError.typeMismatch {
                parts = try container.decode(String.self).split(separator: " ").map(String.init)
            }
            guard parts.count == 2 else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "a merge is of two tokens")
            }
            self.init(left: parts[0], right: parts[1])
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode([left, right])
        }
    }

    enum CodingKeys: String, CodingKey {
        case version, truncation, padding, normalizer, decoder, model
        case addedTokens = "added_tokens"
        case preTokenizer = "pre_tokenizer"
        case postProcessor = "post_processor"
    }
}
