/// One rendering of a template, bounded in steps, depth and length whatever the template says.
struct TemplateRun {
    /// The variables, those of the innermost loop or macro last.
    private var scopes: [[String: TemplateValue]]
    private var output = ""
    private var stepCount = 0
    private var depth = 0
    /// Of the statement that runs.
    private(set) var line = 1

    private static let stepLimit = 2_000_000
    private static let depthLimit = 100
    private static let byteLimit = 16 << 20

    private enum Flow {
        case next, leave, goOn
    }

    static func render(
        _ statements: [TemplateStatement], _ variables: [String: TemplateValue]
    ) throws(TemplateError) -> String {
        var run = TemplateRun(scopes: [variables])
        _ = try run.execute(statements)
        return run.output
    }

    private init(scopes: [[String: TemplateValue]]) { self.scopes = scopes }

    func fault(_ reason: String) -> TemplateError { TemplateError(line: line, reason: reason) }

    // MARK: Statements

    private mutating func execute(_ statements: [TemplateStatement]) throws(TemplateError) -> Flow {
        for statement in statements {
            line = statement.line
            try step()
            let flow = try execute(statement.kind)
            if flow != .next { return flow }
        }
        return .next
    }

    private mutating func execute(_ kind: TemplateStatement.Kind) throws(TemplateError) -> Flow {
        switch kind {
        case .text(let text):
            try write(text)
        case .output(let expression):
            try write(evaluate(expression).text)
        case .choice(let branches, let otherwise):
            for branch in branches where try evaluate(branch.condition).isTrue { return try execute(branch.body) }
            return try execute(otherwise)
        case .loop(let loop):
            try execute(loop)
        case .set(let name, let member, let expression):
            try set(name, member, evaluate(expression))
        case .capture(let name, let body):
            let text = try captured { run throws(TemplateError) in _ = try run.execute(body) }
            scopes[scopes.count - 1][name] = .string(text)
        case .macro(let macro):
            scopes[scopes.count - 1][macro.name] = .macro(macro)
        case .leave: return .leave
        case .goOn: return .goOn
        }
        return .next
    }

    private mutating func write(_ text: String) throws(TemplateError) {
        output += text
        if output.utf8.count > Self.byteLimit { throw fault("the text grows past \(Self.byteLimit) bytes") }
    }

    private mutating func set(_ name: String, _ member: String?, _ value: TemplateValue) throws(TemplateError) {
        guard let member else {
            scopes[scopes.count - 1][name] = value
            return
        }
        guard case .namespace(let space) = lookUp(name) else { throw fault("'\(name)' is no namespace") }
        space.entries.removeAll { $0.key == member }
        space.entries.append(.init(key: member, value: value))
    }

    private mutating func execute(_ loop: TemplateStatement.Loop) throws(TemplateError) {
        var elements: [TemplateValue] = []
        for element in try self.elements(of: evaluate(loop.source), "'for'") {
            guard let condition = loop.condition else {
                elements.append(element)
                continue
            }
            scopes.append(try bindings(loop.names, to: element))
            if try evaluate(condition).isTrue { elements.append(element) }
            scopes.removeLast()
        }
        if elements.isEmpty {
            _ = try execute(loop.otherwise)
            return
        }
        for (index, element) in elements.enumerated() {
            try step()
            var scope = try bindings(loop.names, to: element)
            scope["loop"] = Self.position(index, among: elements)
            scopes.append(scope)
            let flow = try execute(loop.body)
            scopes.removeLast()
            if flow == .leave { return }
        }
    }

    private func bindings(
        _ names: [String], to element: TemplateValue
    ) throws(TemplateError) -> [String: TemplateValue] {
        if names.count == 1 { return [names[0]: element] }
        guard case .list(let parts) = element, parts.count == names.count else {
            throw fault("\(element.kind) for the \(names.count) names of a 'for'")
        }
        return Dictionary(zip(names, parts)) { $1 }
    }

    /// What a body knows as `loop`.
    private static func position(_ index: Int, among elements: [TemplateValue]) -> TemplateValue {
        let last = elements.count - 1
        return .map([
            .init(key: "index", value: .integer(index + 1)), .init(key: "index0", value: .integer(index)),
            .init(key: "revindex", value: .integer(last - index + 1)),
            .init(key: "revindex0", value: .integer(last - index)),
            .init(key: "first", value: .bool(index == 0)), .init(key: "last", value: .bool(index == last)),
            .init(key: "length", value: .integer(elements.count)),
            .init(key: "previtem", value: index > 0 ? elements[index - 1] : .undefined("loop.previtem")),
            .init(key: "nextitem", value: index < last ? elements[index + 1] : .undefined("loop.nextitem")),
        ])
    }

    private mutating func captured(
        _ body: (inout TemplateRun) throws(TemplateError) -> Void
    ) throws(TemplateError) -> String {
        let outer = output
        output = ""
        try body(&self)
        let inner = output
        output = outer
        return inner
    }

    private mutating func step() throws(TemplateError) {
        stepCount += 1
        if stepCount > Self.stepLimit { throw fault("more than \(Self.stepLimit) steps") }
    }

    // MARK: Expressions

    mutating func evaluate(_ expression: TemplateExpression) throws(TemplateError) -> TemplateValue {
        try step()
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw fault("nested deeper than \(Self.depthLimit)") }
        switch expression {
        case .literal(let literal): return literal.value
        case .name(let name): return lookUp(name)
        case .member(let base, let name): return try member(name, of: evaluate(base))
        case .item(let base, let key): return try item(evaluate(key), of: evaluate(base))
        case .slice(let base, let start, let stop, let step):
            return try slice(evaluate(base), optional(start), optional(stop), optional(step))
        case .call(let target, let arguments): return try call(target, arguments)
        case .filter(let value, let name, let arguments):
            return try filter(evaluate(value), name, evaluate(arguments))
        case .test(let value, let name, let arguments):
            var others: [TemplateValue] = []
            for argument in arguments { others.append(try evaluate(argument)) }
            return .bool(try test(evaluate(value), name, others))
        case .not(let value): return .bool(!(try evaluate(value).isTrue))
        case .negative(let value): return try arithmetic(.integer(0), "-", evaluate(value))
        case .binary(let left, let name, let right): return try binary(left, name, right)
        case .conditional(let value, let condition, let otherwise):
            if try evaluate(condition).isTrue { return try evaluate(value) }
            return try optional(otherwise) ?? .undefined("the else of an if")
        case .list(let elements):
            var values: [TemplateValue] = []
            for element in elements { values.append(try evaluate(element)) }
            return .list(values)
        case .map(let pairs):
            var entries: [TemplateValue.Entry] = []
            for (key, value) in pairs {
                guard case .string(let name) = try evaluate(key) else { throw fault("a key that is no text") }
                entries.removeAll { $0.key == name }
                entries.append(.init(key: name, value: try evaluate(value)))
            }
            return .map(entries)
        }
    }

    private mutating func optional(_ expression: TemplateExpression?) throws(TemplateError) -> TemplateValue? {
        guard let expression else { return nil }
        return try evaluate(expression)
    }

    private func lookUp(_ name: String) -> TemplateValue {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return Self.functions.contains(name) ? .function(name) : .undefined(name)
    }

    private func member(_ name: String, of base: TemplateValue) throws(TemplateError) -> TemplateValue {
        guard base.isDefined else { throw fault("'.\(name)' of \(base.kind)") }
        return base.member(name) ?? .undefined(name)
    }

    private func item(_ key: TemplateValue, of base: TemplateValue) throws(TemplateError) -> TemplateValue {
        guard base.isDefined else { throw fault("'[\(key.text)]' of \(base.kind)") }
        if case .string(let name) = key { return base.member(name) ?? .undefined(name) }
        guard let index = key.whole else { throw fault("\(key.kind) in '[]'") }
        switch base {
        case .list(let elements):
            let place = index < 0 ? index + elements.count : index
            return elements.indices.contains(place) ? elements[place] : .undefined("[\(index)]")
        case .string(let text):
            let scalars = Array(text.unicodeScalars)
            let place = index < 0 ? index + scalars.count : index
            return scalars.indices.contains(place) ? .string(String(scalars[place])) : .undefined("[\(index)]")
        default: return .undefined("[\(index)]")
        }
    }

    private mutating func binary(
        _ left: TemplateExpression, _ name: String, _ right: TemplateExpression
    ) throws(TemplateError) -> TemplateValue {
        let first = try evaluate(left)
        if name == "and" { return first.isTrue ? try evaluate(right) : first }
        if name == "or" { return first.isTrue ? first : try evaluate(right) }
        let second = try evaluate(right)
        switch name {
        case "==": return .bool(first == second)
        case "!=": return .bool(!(first == second))
        case "in": return .bool(try contains(second, first))
        case "~": return try checked(first.text + second.text)
        case "<": return .bool(try isLess(first, second))
        case ">": return .bool(try isLess(second, first))
        case "<=": return .bool(!(try isLess(second, first)))
        case ">=": return .bool(!(try isLess(first, second)))
        default: return try arithmetic(first, name, second)
        }
    }

    func checked(_ text: String) throws(TemplateError) -> TemplateValue {
        guard text.utf8.count <= Self.byteLimit else { throw fault("the text grows past \(Self.byteLimit) bytes") }
        return .string(text)
    }

    // MARK: Calls

    private static let functions: Set<String> = ["raise_exception", "namespace", "range", "dict", "strftime_now"]

    private mutating func evaluate(
        _ arguments: TemplateExpression.Arguments
    ) throws(TemplateError) -> TemplateArguments {
        var values = TemplateArguments()
        for argument in arguments.plain { values.plain.append(try evaluate(argument)) }
        for (name, value) in arguments.named { values.named.append(.init(key: name, value: try evaluate(value))) }
        return values
    }

    private mutating func call(
        _ target: TemplateExpression, _ arguments: TemplateExpression.Arguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try evaluate(arguments)
        if case .member(let base, let name) = target {
            let owner = try evaluate(base)
            guard let own = owner.member(name), case .macro(let macro) = own else {
                return try method(name, of: owner, values)
            }
            return try call(macro, values)
        }
        switch try evaluate(target) {
        case .macro(let macro): return try call(macro, values)
        case .function(let name): return try function(name, values)
        case let other: throw fault("a call of \(other.kind)")
        }
    }

    private mutating func call(
        _ macro: TemplateStatement.Macro, _ arguments: TemplateArguments
    ) throws(TemplateError) -> TemplateValue {
        var scope: [String: TemplateValue] = [:]
        for (index, parameter) in macro.parameters.enumerated() {
            var value = arguments.value(index, parameter.name)
            if value == nil { value = try optional(parameter.value) }
            scope[parameter.name] = value ?? .undefined(parameter.name)
        }
        let (outer, outerLine) = (scopes, line)
        scopes = [scopes[0], scope]
        let text = try captured { run throws(TemplateError) in _ = try run.execute(macro.body) }
        let globals = scopes[0]
        scopes = outer
        scopes[0] = globals
        line = outerLine
        return .string(text)
    }
}

/// Arguments of a call, worked out.
struct TemplateArguments {
    var plain: [TemplateValue] = []
    var named: [TemplateValue.Entry] = []

    /// The argument of a place or a name.
    func value(_ index: Int, _ name: String) -> TemplateValue? {
        named.first { $0.key == name }?.value ?? (index < plain.count ? plain[index] : nil)
    }
}
