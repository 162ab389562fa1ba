internal import HoneTokenizer

/// A JSON schema (draft 2020-12) as a grammar of the JSON texts that it accepts, each value written in one way: without
/// spaces, but for at most one behind a comma or colon.
///
/// What is not followed is an error that names its place; nothing is passed over but what accepts everything.
struct SchemaReader {
    let root: OrderedJSON
    var draft = GrammarDraft()
    /// The rules of places that a `$ref` named.
    private var references: [String: Int] = [:]

    /// Rules of which the first is the whole text.
    static func rules(_ text: String) throws(FormatError) -> [Expression] {
        let root: OrderedJSON
        do throws(JSONParser.Fault) {
            root = try JSONParser.parse(Array(text.utf8))
        } catch {
            throw .schema(place: "#", "is no JSON: \(error)")
        }
        var reader = SchemaReader(root: root)
        let whole = reader.draft.reserve()
        reader.draft.define(whole, as: try reader.expression(of: root, at: "#"))
        return reader.draft.rules.compactMap { $0 }
    }

    private init(root: OrderedJSON) { self.root = root }

    /// Says something about values, without refusing any.
    private static let annotations: Set<String> = [
        "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$schema", "$id",
        "$comment", "$defs", "definitions",
    ]

    /// Which types a keyword speaks of.
    private static let typesOfKeyword: [String: Set<String>] = [
        "properties": ["object"], "required": ["object"], "additionalProperties": ["object"],
        "items": ["array"], "minItems": ["array"], "maxItems": ["array"],
        "pattern": ["string"], "minLength": ["string"], "maxLength": ["string"], "format": ["string"],
        "minimum": ["integer", "number"], "maximum": ["integer", "number"],
        "exclusiveMinimum": ["integer", "number"], "exclusiveMaximum": ["integer", "number"],
    ]

    static let typeNames = ["object", "array", "string", "number", "integer", "boolean", "null"]

    /// The texts of all values that the schema accepts.
    mutating func expression(of schema: OrderedJSON, at place: String) throws(FormatError) -> Expression {
        if schema.flag == true { return anyValue() }
        guard let members = schema.members else { throw .schema(place: place, "is \(schema.kind), not a schema") }
        let keywords = members.map(\.name).filter { !Self.annotations.contains($0) }
        for keyword in keywords {
            let isKnown =
                Self.typesOfKeyword[keyword] != nil
                || ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"].contains(keyword)
            if !isKnown { throw .schema(place: place, "has \"\(keyword)\", which is not supported") }
        }
        if keywords.isEmpty { return anyValue() }
        for keyword in ["$ref", "anyOf", "oneOf", "allOf"] where keywords.contains(keyword) {
            if let other = keywords.first(where: { $0 != keyword }) {
                throw .schema(place: place, "has \"\(other)\" beside \"\(keyword)\", which is not supported")
            }
            return try combined(schema, by: keyword, at: place)
        }
        if keywords.contains("enum") || keywords.contains("const") {
            return .choice(try self.values(of: schema, at: place).map(Self.text))
        }
        var branches: [Expression] = []
        for type in try Self.types(of: schema, at: place) {
            branches.append(try expression(ofType: type, schema, at: place))
        }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func expression(
        ofType type: String, _ schema: OrderedJSON, at place: String
    ) throws(FormatError) -> Expression {
        switch type {
        case "object": return try object(schema, at: place)
        case "array": return try array(schema, at: place)
        case "string": return try string(schema, at: place)
        case "boolean": return .choice([.text("true"), .text("false")])
        case "null": return .text("null")
        default: return draft.share(try NumberRange(schema, isWhole: type == "integer", at: place).expression)
        }
    }

    // MARK: Combinations

    private mutating func combined(
        _ schema: OrderedJSON, by keyword: String, at place: String
    ) throws(FormatError) -> Expression {
        if keyword == "$ref" { return .rule(try rule(ofReferenceIn: schema, at: place)) }
        let place = "\(place)/\(keyword)"
        guard let branches = schema[keyword]?.elements, !branches.isEmpty else {
            throw .schema(place: place, "is no list of schemas")
        }
        if keyword == "allOf", branches.count > 1 {
            throw .schema(place: place, "has \(branches.count) schemas, and only one is supported")
        }
        if keyword == "oneOf" { try checkThatOneMatches(branches, at: place) }
        var choices: [Expression] = []
        for (index, branch) in branches.enumerated() {
            choices.append(try expression(of: branch, at: "\(place)/\(index)"))
        }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func rule(ofReferenceIn schema: OrderedJSON, at place: String) throws(FormatError) -> Int {
        let (pointer, target) = try self.target(ofReferenceIn: schema, at: place)
        if let rule = references[pointer] { return rule }
        let rule = draft.reserve()
        references[pointer] = rule
        draft.define(rule, as: try expression(of: target, at: pointer))
        return rule
    }

    /// The schema that a `$ref` names.
    func target(
        ofReferenceIn schema: OrderedJSON, at place: String
    ) throws(FormatError) -> (pointer: String, schema: OrderedJSON) {
        let place = "\(place)/$ref"
        guard let pointer = schema["$ref"]?.text, pointer == "#" || pointer.hasPrefix("#/") else {
            throw .schema(place: place, "names no place of this schema, such as \"#/$defs/name\"")
        }
        var target = root
        for part in pointer.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false)
        where pointer != "#" {
            let name = String(part.replacing("~1", with: "/").replacing("~0", with: "~"))
            let element = target.elements.flatMap { list in
                Int(name).flatMap { list.indices.contains($0) ? list[$0] : nil }
            }
            guard let next = element ?? target[name] else {
                throw .schema(place: place, "names \(pointer), which is not there")
            }
            target = next
        }
        return (pointer, target)
    }

    // MARK: Types and values

    /// The types that a schema without combinations accepts, and what its keywords say if it does not.
    static func types(of schema: OrderedJSON, at place: String) throws(FormatError) -> [String] {
        var types = typeNames.filter { $0 != "integer" }
        let spoken = (schema.members ?? []).compactMap { member in
            typesOfKeyword[member.name].map { (member.name, $0) }
        }
        if let stated = schema["type"] {
            types = stated.text.map { [$0] } ?? stated.elements?.compactMap(\.text) ?? []
            let stranger = types.first { !typeNames.contains($0) }
            if types.isEmpty || stranger != nil {
                let known = typeNames.joined(separator: ", ")
                throw .schema(place: "\(place)/type", "is \(stated.kind), not one of \(known)")
            }
        } else if let (_, about) = spoken.first {
            // Other types would be accepted whatever they are; an answer of the type meant is accepted too.
            types = about.contains("number") ? ["number"] : Array(about)
        }
        for (keyword, about) in spoken where about.isDisjoint(with: types) {
            throw .schema(place: "\(place)/\(keyword)", "does not apply to \(types.joined(separator: " or "))")
        }
        return types
    }

    /// The values of a schema that lists them.
    func values(of schema: OrderedJSON, at place: String) throws(FormatError) -> [OrderedJSON] {
        let others = (schema.members ?? []).map(\.name).filter {
            !Self.annotations.contains($0) && !["enum", "const", "type"].contains($0)
        }
        if let other = others.first {
            throw .schema(place: place, "has \"\(other)\" beside the values that it lists, which is not supported")
        }
        // A member that is null is there, although the subscript does not say so.
        func member(_ name: String) -> OrderedJSON? { schema.members?.last { $0.name == name }?.value }
        var values: [OrderedJSON] = []
        if let list = member("enum") {
            guard let elements = list.elements, !elements.isEmpty else {
                throw .schema(place: "\(place)/enum", "is no list of values")
            }
            values = elements
        }
        if let constant = member("const") {
            values = member("enum") == nil || values.contains(constant) ? [constant] : []
        }
        let types = try Self.types(of: schema, at: place)
        values = values.filter { value in types.contains { value.isOfType($0) } }
        if values.isEmpty { throw .schema(place: place, "lists no value that it accepts") }
        if values.contains(where: \.isInexact) {
            throw .schema(place: place, "lists a whole number beyond 2^53, which is not supported")
        }
        return values
    }

    static func text(_ value: OrderedJSON) -> Expression { .text(value.jsonText) }

    private mutating func anyValue() -> Expression {
        if let rule = references[""] { return .rule(rule) }
        let rule = draft.reserve()
        references[""] = rule
        let string = draft.share(JSONText.string)
        let number = draft.share(NumberRange.any.expression)
        draft.define(
            rule,
            as: .choice([
                JSONText.object([string, JSONText.colon, .rule(rule)]), JSONText.array(of: .rule(rule)), string, number,
                .text("true"), .text("false"), .text("null"),
            ]))
        return .rule(rule)
    }
}
