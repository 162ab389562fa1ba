/// Why a tokenizer could not be read or written. Every case names the file.
public enum TokenizerError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    /// The file is no JSON, or a field is missing or of another type.
    case malformed(path: String, reason: String)
    /// The field would change the ids, and this release does not follow it.
    case unsupported(path: String, field: String, found: String, supported: String)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read the tokenizer \(path): \(reason)"
        case .malformed(let path, let reason):
            "\(path) is no tokenizer.json: \(reason); export the tokenizer again in Hugging Face's format"
        case .unsupported(let path, let field, let found, let supported):
            "\(path): \(field) is \(found), and only \(supported) is supported"
        }
    }
}
