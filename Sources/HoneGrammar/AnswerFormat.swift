internal import HoneTokenizer

/// What every answer has to be.
public enum AnswerFormat: Sendable, Hashable {
    /// The whole answer matches the pattern, whose dialect `docs/structured-output.md` states.
    case regex(String)
    /// The answer is a JSON text that the schema, given as JSON, accepts.
    case jsonSchema(String)
}

extension AnswerFormat {
    /// The format as rules of a grammar, of which the first is the whole answer.
    func rules() throws(FormatError) -> [Expression] {
        switch self {
        case .jsonSchema(let text): return try SchemaReader.rules(text)
        case .regex(let pattern):
            do throws(PatternSyntax.Fault) {
                return [try RegexTranslation.whole(pattern, form: .plain)]
            } catch {
                throw .pattern("\(error)")
            }
        }
    }
}

/// Why answers cannot be held to a format.
public enum FormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The regular expression is none, or has a construct that is not followed.
    case pattern(String)
    /// A place in the schema, as a JSON pointer, and what is there.
    case schema(place: String, String)
    /// No text, or none of finite length, fits.
    case nothingFits
    /// A `$ref` leads back to itself before anything is written.
    case refersToItself
    /// The format needs more states than an engine spends on one.
    case tooLarge(limit: String)
    /// The tokenizer has no token for this byte alone, and an answer may need one.
    case byteWithoutToken(UInt8)

    public var description: String {
        switch self {
        case .pattern(let reason):
            "the format's regex has \(reason); docs/structured-output.md says what may be used"
        case .schema(let place, let reason): "the format's JSON schema at \(place) \(reason)"
        case .nothingFits: "no answer of finite length fits the format"
        case .refersToItself: "a $ref of the format's JSON schema leads back to itself before anything is written"
        case .tooLarge(let limit):
            "the format is too large, it has more than \(limit); lower its repetitions and lengths"
        case .byteWithoutToken(let byte):
            "the model's tokenizer has no token for the byte \(byte) alone, which the format may need"
        }
    }
}
