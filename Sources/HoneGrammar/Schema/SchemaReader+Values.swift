internal import HoneTokenizer

extension SchemaReader {
    /// Members in the order of `required`, then the others by name: JSON objects have no order, so the answer's does
    /// not hang on how the schema was stored.
    mutating func object(_ schema: OrderedJSON, at place: String) throws(FormatError) -> Expression {
        let properties = try self.properties(of: schema, at: place)
        let required = try self.required(of: schema, at: place)
        if let additional = schema["additionalProperties"], additional.flag == nil {
            guard properties.isEmpty, required.isEmpty else {
                throw .schema(
                    place: "\(place)/additionalProperties",
                    "is a schema beside named properties, which is not supported")
            }
            let value = draft.share(try expression(of: additional, at: "\(place)/additionalProperties"))
            return JSONText.object([draft.share(JSONText.string), JSONText.colon, value])
        }
        if properties.isEmpty, required.isEmpty, schema["additionalProperties"]?.flag != false {
            let any = try expression(of: .bool(true), at: place)
            return JSONText.object([draft.share(JSONText.string), JSONText.colon, any])
        }
        var members: [Expression] = []
        let byName = properties.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.key)
        for name in required + byName.filter({ !required.contains($0) }) {
            guard let property = properties[name] else {
                throw .schema(place: "\(place)/required", "names \"\(name)\", which \"properties\" lacks")
            }
            let value = try expression(of: property, at: "\(place)/properties/\(name)")
            members.append(draft.share(.sequence([.text(OrderedJSON.quoted(name)), JSONText.colon, value])))
        }
        return .sequence([.text("{"), Self.members(members, requiredCount: required.count), .text("}")])
    }

    /// The first of the members, so many of them required, with commas between those that are written.
    private static func members(_ members: [Expression], requiredCount: Int) -> Expression {
        let further = members.enumerated().map { index, member in
            let withComma = Expression.sequence([JSONText.comma, member])
            return index < requiredCount ? withComma : .optional(withComma)
        }
        if requiredCount > 0 { return .sequence([members[0]] + further.dropFirst()) }
        return .choice(
            [.nothing] + members.indices.map { .sequence([members[$0]] + further[($0 + 1)...]) })
    }

    func properties(of schema: OrderedJSON, at place: String) throws(FormatError) -> [String: OrderedJSON] {
        guard let properties = schema["properties"] else { return [:] }
        guard let members = properties.members else {
            throw .schema(place: "\(place)/properties", "is \(properties.kind), not an object")
        }
        return Dictionary(members.map { ($0.name, $0.value) }) { $1 }
    }

    func required(of schema: OrderedJSON, at place: String) throws(FormatError) -> [String] {
        guard let required = schema["required"] else { return [] }
        let names = required.elements?.compactMap(\.text) ?? []
        guard names.count == required.elements?.count, Set(names).count == names.count else {
            throw .schema(place: "\(place)/required", "is no list of different names")
        }
        return names
    }

    mutating func array(_ schema: OrderedJSON, at place: String) throws(FormatError) -> Expression {
        let minimum = try Self.count("minItems", of: schema, at: place) ?? 0
        let maximum = try Self.count("maxItems", of: schema, at: place)
        try Self.check(minimum, maximum, at: place)
        if schema["items"]?.flag == false {
            guard minimum == 0 else { throw .nothingFits }
            return .text("[]")
        }
        let element = draft.share(try expression(of: schema["items"] ?? .bool(true), at: "\(place)/items"))
        return JSONText.list("[", element, minimum: minimum, maximum: maximum, "]")
    }

    mutating func string(_ schema: OrderedJSON, at place: String) throws(FormatError) -> Expression {
        let minimum = try Self.count("minLength", of: schema, at: place)
        let maximum = try Self.count("maxLength", of: schema, at: place)
        try Self.check(minimum ?? 0, maximum, at: place)
        let keywords = ["pattern", "format"].filter { schema[$0] != nil }
        guard let keyword = keywords.first else {
            guard minimum != nil || maximum != nil else { return draft.share(JSONText.string) }
            let character = draft.share(JSONText.character)
            return draft.share(
                JSONText.quoted(.repeated(character, minimum: minimum ?? 0, maximum: maximum)))
        }
        if keywords.count > 1 || minimum != nil || maximum != nil {
            throw .schema(place: place, "has \"\(keyword)\" beside another bound of the text, which is not supported")
        }
        do throws(PatternSyntax.Fault) {
            guard let stated = schema[keyword]?.text else {
                throw PatternSyntax.Fault(description: "no text")
            }
            let named = keyword == "format" ? Self.formats[stated] : stated
            guard let pattern = named else {
                let known = Self.formats.keys.sorted().joined(separator: ", ")
                throw PatternSyntax.Fault(description: "\"\(stated)\", and only \(known) are supported")
            }
            return draft.share(JSONText.quoted(try RegexTranslation.found(pattern, form: .jsonString)))
        } catch {
            throw .schema(place: "\(place)/\(keyword)", "has \(error)")
        }
    }

    /// Days as months have them; a leap day is left out, since no pattern knows the years.
    private static let date =
        "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
        + "|02-(0[1-9]|1[0-9]|2[0-8]))"
    private static let time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"

    private static let formats = [
        "date": "^\(date)$", "time": "^\(time)$", "date-time": "^\(date)T\(time)$",
        "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    ]

    private static func count(_ keyword: String, of schema: OrderedJSON, at place: String) throws(FormatError) -> Int? {
        guard let value = schema[keyword] else { return nil }
        guard case .number(let number) = value, let count = Int(exactly: number), count >= 0 else {
            throw .schema(place: "\(place)/\(keyword)", "is \(value.kind), not a whole number of 0 or more")
        }
        return count
    }

    private static func check(_ minimum: Int, _ maximum: Int?, at place: String) throws(FormatError) {
        if let maximum, minimum > maximum {
            throw .schema(place: place, "has a minimum of \(minimum) above its maximum of \(maximum)")
        }
    }
}
