/// What the tokens of a layer look at.
public enum AttentionKind: Hashable, Sendable {
    /// Themselves and every token before them.
    case full
    /// Themselves and the `window` - 1 tokens before them (Beltagy et al. 2020, arXiv:2004.05150, section 3.1); among
    /// full layers, as in Gemma 2 (Gemma team 2024, arXiv:2408.00118, section 2).
    case sliding(window: Int)
    /// As `sliding`, and in a second branch one summary for each block of `block` tokens that begins before the window;
    /// in a third the tokens of those `selected` blocks whose summaries fit best. See ``BlockBranches``.
    case hierarchical(window: Int, block: Int, selected: Int)

    /// The window of a layer that does not say its own.
    public static let defaultWindow = 32
    /// The block of a layer that does not say its own.
    public static let defaultBlock = 8

    var window: Int? {
        switch self {
        case .full: nil
        case .sliding(let window), .hierarchical(let window, _, _): window
        }
    }

    /// Throws where the numbers describe no layer.
    func validate() throws(ModelError) {
        if let window, !(1...1 << 24).contains(window) {
            throw .configuration(field: "sliding_window", fault: "is \(window)")
        }
        guard case .hierarchical(let window, let block, let selected) = self else { return }
        // A block that begins before the window is complete then, whatever token looks at it.
        guard (1...window).contains(block) else {
            throw .configuration(
                field: "block", fault: "is \(block), not a number from 1 to the window's \(window) tokens")
        }
        guard (0...1 << 12).contains(selected) else {
            throw .configuration(field: "selected", fault: "is \(selected), not a number from 0 to \(1 << 12)")
        }
    }
}

// As an entry of `attention_kinds` in `config.json`: `{"kind": "hierarchical", "window": 32, "block": 8}`.
extension AttentionKind: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case kind, window, block, selected
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let name = try values.decode(String.self, forKey: .kind)
        func number(_ key: Key, _ standard: Int) throws -> Int {
            try values.decodeIfPresent(Int.self, forKey: key) ?? standard
        }
        let known: [Key]
        switch name {
        case "full":
            self = .full
            known = [.kind]
        case "sliding":
            self = .sliding(window: try number(.window, Self.defaultWindow))
            known = [.kind, .window]
        case "hierarchical":
            self = .hierarchical(
                window: try number(.window, Self.defaultWindow), block: try number(.block, Self.defaultBlock),
                selected: try number(.selected, 0))
            known = Key.allCases
        default:
            throw ModelError.configuration(
                field: "attention_kinds", fault: "has '\(name)'; Hone computes full, sliding, hierarchical")
        }
        let given = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
        if let other = given.first(where: { name in !known.contains { $0.rawValue == name } }) {
            throw ModelError.configuration(
                field: "attention_kinds",
                fault: "has '\(other)' in a layer of kind '\(name)', which has no such number")
        }
        try validate()
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        switch self {
        case .full: try values.encode("full", forKey: .kind)
        case .sliding(let window):
            try values.encode("sliding", forKey: .kind)
            try values.encode(window, forKey: .window)
        case .hierarchical(let window, let block, let selected):
            try values.encode("hierarchical", forKey: .kind)
            try values.encode(window, forKey: .window)
            try values.encode(block, forKey: .block)
            try values.encode(selected, forKey: .selected)
        }
    }
}
