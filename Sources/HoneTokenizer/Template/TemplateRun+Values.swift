import Foundation

// Filters, tests and methods: those that the chat templates of Llama, Qwen and their kin use.
extension TemplateRun {
    /// What a loop goes over.
    func elements(of value: TemplateValue, _ place: String) throws(TemplateError) -> [TemplateValue] {
        switch value {
        case .list(let elements): return elements
        case .map(let entries): return entries.map { .string($0.key) }
        case .string(let text): return text.unicodeScalars.map { .string(String($0)) }
        case .undefined: return []
        default: throw fault("\(place) over \(value.kind)")
        }
    }

    func slice(
        _ base: TemplateValue, _ start: TemplateValue?, _ stop: TemplateValue?, _ step: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        func number(_ value: TemplateValue?) throws(TemplateError) -> Int? {
            guard let value else { return nil }
            if case .none = value { return nil }
            guard let number = value.whole else { throw fault("\(value.kind) in '[:]'") }
            return number
        }
        let elements = try self.elements(of: base, "'[:]'")
        let step = try number(step) ?? 1
        guard step != 0, abs(step) < 1 << 40 else { throw fault("a step of \(step) in '[:]'") }
        // As Python bounds them: from either end, and never outside.
        func place(_ value: Int?, or other: Int) -> Int {
            guard let value else { return other }
            let count = elements.count
            let lowest = step > 0 ? 0 : -1
            return min(max(value < 0 ? max(value, -count - 1) + count : value, lowest), step > 0 ? count : count - 1)
        }
        let first = place(try number(start), or: step > 0 ? 0 : elements.count - 1)
        let last = place(try number(stop), or: step > 0 ? elements.count : -1)
        let taken = stride(from: first, to: last, by: step).map { elements[$0] }
        if case .string = base { return .string(taken.map(\.text).joined()) }
        return .list(taken)
    }

    func filter(
        _ value: TemplateValue, _ name: String, _ arguments: TemplateArguments
    ) throws(TemplateError) -> TemplateValue {
        switch name {
        case "trim", "upper", "lower", "title", "capitalize", "replace":
            return try method(name == "trim" ? "strip" : name, of: .string(value.text), arguments)
        case "string": return .string(value.text)
        case "safe": return value
        case "length", "count": return .integer(try elements(of: value, "'length'").count)
        case "first": return try elements(of: value, "'first'").first ?? .undefined("first")
        case "last": return try elements(of: value, "'last'").last ?? .undefined("last")
        case "list": return .list(try elements(of: value, "'list'"))
        case "reverse": return .list(try elements(of: value, "'reverse'").reversed())
        case "join":
            let mark = arguments.value(0, "d")?.text ?? ""
            return try checked(elements(of: value, "'join'").map(\.text).joined(separator: mark))
        case "items", "dictsort": return try method("items", of: value, TemplateArguments())
        case "default", "d":
            let isMissing = !value.isDefined || (arguments.value(1, "boolean")?.isTrue == true && !value.isTrue)
            return isMissing ? arguments.value(0, "default_value") ?? .string("") : value
        case "int":
            if let number = value.real, abs(number) < 1e15 { return .integer(Int(number)) }
            return .integer(Int(value.text) ?? arguments.value(0, "default")?.whole ?? 0)
        case "tojson":
            guard let text = value.json(indent: arguments.value(0, "indent")?.whole) else {
                throw fault("'tojson' of \(value.kind)")
            }
            return try checked(text)
        case "map", "selectattr", "rejectattr": return try attributeFilter(value, name, arguments)
        default: throw fault("the filter '\(name)' is not followed by Hone")
        }
    }

    private func attributeFilter(
        _ value: TemplateValue, _ name: String, _ arguments: TemplateArguments
    ) throws(TemplateError) -> TemplateValue {
        guard let attribute = arguments.value(0, "attribute")?.text else {
            throw fault("'\(name)' without an attribute")
        }
        let elements = try elements(of: value, "'\(name)'")
        guard name != "map" else {
            guard arguments.plain.isEmpty else { throw fault("'map' by a filter is not followed by Hone") }
            return .list(elements.map { $0.member(attribute) ?? .undefined(attribute) })
        }
        var kept: [TemplateValue] = []
        for element in elements {
            let member = element.member(attribute) ?? .undefined(attribute)
            let holds =
                arguments.plain.count > 1
                ? try test(member, arguments.plain[1].text, Array(arguments.plain.dropFirst(2))) : member.isTrue
            if holds == (name == "selectattr") { kept.append(element) }
        }
        return .list(kept)
    }

    func test(_ value: TemplateValue, _ name: String, _ others: [TemplateValue]) throws(TemplateError) -> Bool {
        switch (name, value) {
        case ("defined", _): return value.isDefined
        case ("undefined", _): return !value.isDefined
        case ("none", .none), ("string", .string), ("mapping", .map), ("boolean", .bool), ("integer", .integer),
            ("float", .number), ("number", .integer), ("number", .number), ("true", .bool(true)),
            ("false", .bool(false)), ("iterable", .list), ("iterable", .map), ("iterable", .string),
            ("sequence", .list), ("sequence", .map), ("sequence", .string), ("callable", .macro),
            ("callable", .function):
            return true
        case ("none", _), ("string", _), ("mapping", _), ("boolean", _), ("integer", _), ("float", _), ("number", _),
            ("true", _), ("false", _), ("iterable", _), ("sequence", _), ("callable", _):
            return false
        case ("equalto", _), ("eq", _): return others.first.map { $0 == value } ?? false
        case ("ne", _): return others.first.map { !($0 == value) } ?? true
        case ("in", _): return try elements(of: others.first ?? .none, "'in'").contains { $0 == value }
        case ("odd", _), ("even", _):
            guard let number = value.whole else { throw fault("'\(name)' of \(value.kind)") }
            return number.isMultiple(of: 2) == (name == "even")
        default: throw fault("the test '\(name)' is not followed by Hone")
        }
    }

    func method(
        _ name: String, of owner: TemplateValue, _ arguments: TemplateArguments
    ) throws(TemplateError) -> TemplateValue {
        switch owner {
        case .string(let text): return try textMethod(name, text, arguments)
        case .map(let entries):
            switch name {
            case "items": return .list(entries.map { .list([.string($0.key), $0.value]) })
            case "keys": return .list(entries.map { .string($0.key) })
            case "values": return .list(entries.map(\.value))
            case "get":
                return owner.member(arguments.value(0, "key")?.text ?? "") ?? arguments.value(1, "default") ?? .none
            default: break
            }
        default: break
        }
        throw fault("the method '\(name)' of \(owner.kind) is not followed by Hone")
    }

    private func textMethod(
        _ name: String, _ text: String, _ arguments: TemplateArguments
    ) throws(TemplateError) -> TemplateValue {
        func part(_ index: Int) -> String { index < arguments.plain.count ? arguments.plain[index].text : "" }
        /// One text or any of several.
        func anyPart(_ matches: (String) -> Bool) -> Bool {
            if case .list(let parts)? = arguments.plain.first { return parts.contains { matches($0.text) } }
            return matches(part(0))
        }
        switch name {
        case "strip", "lstrip", "rstrip":
            let set = arguments.plain.isEmpty ? nil : Set(part(0).unicodeScalars)
            return .string(Self.stripped(text, set, start: name != "rstrip", end: name != "lstrip"))
        case "upper": return .string(text.uppercased())
        case "lower": return .string(text.lowercased())
        case "title": return .string(text.capitalized)
        case "capitalize": return .string(text.prefix(1).uppercased() + text.dropFirst().lowercased())
        case "startswith": return .bool(anyPart { text.utf8.starts(with: $0.utf8) })
        case "endswith": return .bool(anyPart { text.utf8.suffix($0.utf8.count).elementsEqual($0.utf8) })
        case "replace": return try checked(text.replacingBytes(of: part(0), by: part(1)))
        case "split":
            let limit = arguments.value(1, "maxsplit")?.whole
            return .list(Self.split(text, by: arguments.plain.first?.text, limit: limit))
        case "find":
            guard let range = text.utf8.firstRange(of: part(0).utf8) else { return .integer(-1) }
            return .integer(text[..<range.lowerBound].unicodeScalars.count)
        default: throw fault("the method '\(name)' of a text is not followed by Hone")
        }
    }

    private static func stripped(_ text: String, _ set: Set<Unicode.Scalar>?, start: Bool, end: Bool) -> String {
        func isTaken(_ scalar: Unicode.Scalar) -> Bool {
            set?.contains(scalar) ?? (ScalarCategories.isSpace(scalar.value) || (0x1c...0x1f).contains(scalar.value))
        }
        var scalars = Array(text.unicodeScalars)[...]
        if start { scalars = scalars.drop(while: isTaken) }
        if end { while let last = scalars.last, isTaken(last) { scalars.removeLast() } }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private static func split(_ text: String, by mark: String?, limit: Int?) -> [TemplateValue] {
        let limit = limit.map { $0 < 0 ? Int.max : $0 } ?? .max
        guard let mark, !mark.isEmpty else {
            return text.unicodeScalars.split(maxSplits: limit) { ScalarCategories.isSpace($0.value) }
                .map { .string(String($0)) }
        }
        var parts: [TemplateValue] = []
        var rest = text.utf8[...]
        while parts.count < limit, let range = rest.firstRange(of: mark.utf8) {
            parts.append(.string(String(decoding: rest[..<range.lowerBound], as: UTF8.self)))
            rest = rest[range.upperBound...]
        }
        return parts + [.string(String(decoding: rest, as: UTF8.self))]
    }
}
