import Foundation

/// What is done to a text before it is parted into words.
enum Normalizer: Hashable, Sendable {
    /// Unicode's normal forms.
    case composed, decomposed, compatibilityComposed, compatibilityDecomposed
    /// A text set before any that is not empty.
    case prepend(String)
    case replace(String, by: String)

    func callAsFunction(_ text: String) -> String {
        switch self {
        case .composed: text.utf8.allSatisfy { $0 < 128 } ? text : text.precomposedStringWithCanonicalMapping
        case .decomposed: text.decomposedStringWithCanonicalMapping
        case .compatibilityComposed: text.precomposedStringWithCompatibilityMapping
        case .compatibilityDecomposed: text.decomposedStringWithCompatibilityMapping
        case .prepend(let start): text.isEmpty ? text : start + text
        case .replace(let old, let new): text.replacingBytes(of: old, by: new)
        }
    }
}

extension String {
    /// Replaces by bytes: a space is one also before a mark that would join with it.
    func replacingBytes(of old: String, by new: String) -> String {
        let (old, new) = (Array(old.utf8), Array(new.utf8))
        guard let first = old.first else { return self }
        let text = Array(utf8)
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            if text[position] == first, text[position...].starts(with: old) {
                result += new
                position += old.count
            } else {
                result.append(text[position])
                position += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
