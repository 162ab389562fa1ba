internal import HoneTokenizer

// `oneOf` refuses what two of its schemas accept. A grammar takes either, so the two must have nothing in common.
extension SchemaReader {
    /// What tells a schema's answers from another's.
    private struct Shape {
        var types: Set<String>
        /// All answers, where they are few.
        var values: Set<String>?
        /// Of an object: the names that it may have (any, if nil), those that it must, and what these can be.
        var names: Set<String>?
        var required: Set<String> = []
        var valuesOfName: [String: Set<String>] = [:]
    }

    func checkThatOneMatches(_ branches: [OrderedJSON], at place: String) throws(FormatError) {
        var shapes: [[Shape]] = []
        for (index, branch) in branches.enumerated() {
            shapes.append(try self.shapes(of: branch, at: "\(place)/\(index)", depth: 0))
        }
        for first in shapes.indices {
            for second in shapes.indices.dropFirst(first + 1) {
                let isApart = shapes[first].allSatisfy { one in shapes[second].allSatisfy { Self.areApart(one, $0) } }
                if !isApart {
                    throw .schema(
                        place: place,
                        "may have \(first) and \(second) match the same answer; tell them apart, or use \"anyOf\"")
                }
            }
        }
    }

    private func shapes(of schema: OrderedJSON, at place: String, depth: Int) throws(FormatError) -> [Shape] {
        if depth > 16 || schema.flag == true {
            return [Shape(types: ["object", "array", "string", "number", "boolean", "null"])]
        }
        if schema["$ref"] != nil {
            let target = try target(ofReferenceIn: schema, at: place)
            return try shapes(of: target.schema, at: target.pointer, depth: depth + 1)
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            guard let branches = schema[keyword]?.elements else { continue }
            var all: [Shape] = []
            for (index, branch) in branches.enumerated() {
                all += try shapes(of: branch, at: "\(place)/\(keyword)/\(index)", depth: depth + 1)
            }
            return all
        }
        if let values = try finiteValues(of: schema, at: place) {
            let types = Self.typeNames.filter { type in type != "integer" && values.contains { $0.isOfType(type) } }
            return [Shape(types: Set(types), values: Set(values.map(\.jsonText)))]
        }
        let types = Set(try Self.types(of: schema, at: place).map { $0 == "integer" ? "number" : $0 })
        var shape = Shape(types: types)
        guard types.contains("object") else { return [shape] }
        let properties = try properties(of: schema, at: place)
        shape.required = Set(try required(of: schema, at: place))
        let additional = schema["additionalProperties"]
        let isClosed = !properties.isEmpty || !shape.required.isEmpty || additional?.flag == false
        shape.names = isClosed ? Set(properties.keys) : nil
        for name in shape.required {
            guard let property = properties[name] else { continue }
            let values = try finiteValues(of: property, at: "\(place)/properties/\(name)")
            shape.valuesOfName[name] = values.map { Set($0.map(\.jsonText)) }
        }
        return [shape]
    }

    private func finiteValues(of schema: OrderedJSON, at place: String) throws(FormatError) -> [OrderedJSON]? {
        let lists = (schema.members ?? []).contains { $0.name == "enum" || $0.name == "const" }
        return lists ? try values(of: schema, at: place) : nil
    }

    private static func areApart(_ one: Shape, _ other: Shape) -> Bool {
        if let values = one.values, let others = other.values { return values.isDisjoint(with: others) }
        let common = one.types.intersection(other.types)
        if common.isEmpty { return true }
        guard common == ["object"], one.values == nil, other.values == nil else { return false }
        for (name, values) in one.valuesOfName {
            if let others = other.valuesOfName[name], values.isDisjoint(with: others) { return true }
        }
        // Answers have no members but those that their own schema names.
        func lacks(_ names: Set<String>?, _ required: Set<String>) -> Bool {
            names.map { !required.isSubset(of: $0) } ?? false
        }
        return lacks(one.names, other.required) && lacks(other.names, one.required)
    }
}
