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

        static let byteLevel = Component(type: "ByteLevel", addPrefixSpace: false, trimOffsets: true, useRegex: false)

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
        var vocab: [String: Int32]
        var merges: [Merge] = []
    }

    /// A pair that becomes one token: a text in old files, two in new ones.
    struct Merge: Codable {
        init(from decoder: any Decoder) throws {}
        func encode(to encoder: any Encoder) throws {}
    }

    enum CodingKeys: String, CodingKey {
        case version, truncation, padding, normalizer, decoder, model
        case addedTokens = "added_tokens"
        case preTokenizer = "pre_tokenizer"
        case postProcessor = "post_processor"
    }
}
