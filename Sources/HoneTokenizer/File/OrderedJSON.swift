/// A value of a JSON file whose members keep their order and whose names are compared byte by byte: in a vocabulary
/// two names that only look alike are two tokens.
package enum OrderedJSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([OrderedJSON])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: OrderedJSON
    }

    /// A member's value, the last of that name; nil where there is none, and where it is null.
    package subscript(name: String) -> OrderedJSON? {
        guard case .object(let members) = self else { return nil }
        let value = members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
        return value == .null ? nil : value
    }

    package var text: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    package var flag: Bool? {
        if case .bool(let flag) = self { return flag }
        return nil
    }

    /// A whole number that fits a token's id.
    var id: Int32? {
        if case .number(let number) = self { return Int32(exactly: number) }
        return nil
    }

    package var elements: [OrderedJSON]? {
        if case .array(let elements) = self { return elements }
        return nil
    }

    package var members: [Member]? {
        if case .object(let members) = self { return members }
        return nil
    }

    /// What it is, for an error.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .number(let number): "\(number)"
        case .string(let text): "\"\(text.prefix(60))\""
        case .array: "a list"
        case .object: "an object"
        }
    }
}
