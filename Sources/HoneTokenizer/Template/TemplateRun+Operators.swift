import Foundation

// What operators and the functions that transformers gives a template do.
extension TemplateRun {
    func contains(_ base: TemplateValue, _ value: TemplateValue) throws(TemplateError) -> Bool {
        switch (base, value) {
        case (.string(let text), .string(let part)): return part.isEmpty || text.utf8.firstRange(of: part.utf8) != nil
        case (.list(let elements), _): return elements.contains { $0 == value }
        case (.map, .string(let key)): return base.member(key) != nil
        case (.map, _), (.undefined, _): return false
        default: throw fault("'in' \(base.kind)")
        }
    }

    func isLess(_ a: TemplateValue, _ b: TemplateValue) throws(TemplateError) -> Bool {
        if let a = a.real, let b = b.real { return a < b }
        if case .string(let a) = a, case .string(let b) = b { return a.utf8.lexicographicallyPrecedes(b.utf8) }
        throw fault("\(a.kind) compared with \(b.kind)")
    }

    func arithmetic(
        _ a: TemplateValue, _ name: String, _ b: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        switch (a, name, b) {
        case (.string(let a), "+", .string(let b)): return try checked(a + b)
        case (.list(let a), "+", .list(let b)): return .list(a + b)
        case (.string(let text), "*", _):
            guard let count = b.whole, count <= 4096 else { throw fault("a text repeated \(b.text) times") }
            return try checked(String(repeating: text, count: max(count, 0)))
        default: break
        }
        if name != "/", let a = a.whole, let b = b.whole {
            let result: (partialValue: Int, overflow: Bool)
            switch name {
            case "+": result = a.addingReportingOverflow(b)
            case "-": result = a.subtractingReportingOverflow(b)
            case "*": result = a.multipliedReportingOverflow(by: b)
            default:
                guard b != 0, a != .min else { throw fault("a division by zero") }
                let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
                let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
                result = (name == "%" ? (isBelow ? remainder + b : remainder) : quotient - (isBelow ? 1 : 0), false)
            }
            guard !result.overflow else { throw fault("a number that is too large") }
            return .integer(result.partialValue)
        }
        guard let x = a.real, let y = b.real else { throw fault("\(a.kind) \(name) \(b.kind)") }
        switch name {
        case "+": return .number(x + y)
        case "-": return .number(x - y)
        case "*": return .number(x * y)
        default:
            guard y != 0 else { throw fault("a division by zero") }
            if name == "/" { return .number(x / y) }
            return .number(name == "//" ? (x / y).rounded(.down) : x - y * (x / y).rounded(.down))
        }
    }

    func function(_ name: String, _ arguments: TemplateArguments) throws(TemplateError) -> TemplateValue {
        switch name {
        case "raise_exception":
            throw fault("it refuses these messages: \(arguments.plain.first?.text ?? "")")
        case "namespace": return .namespace(.init(arguments.named))
        case "dict": return .map(arguments.named)
        case "range": return .list(try range(arguments.plain.map(\.whole)))
        default:
            return .string(try today(arguments.plain.first?.text ?? ""))
        }
    }

    private func today(_ format: String) throws(TemplateError) -> String {
        let patterns = ["%d %b %Y": "dd MMM yyyy", "%Y-%m-%d": "yyyy-MM-dd", "%B %d, %Y": "MMMM dd, yyyy"]
        guard let pattern = patterns[format] else {
            throw fault("the date format '\(format)' is not followed by Hone")
        }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = pattern
        return formatter.string(from: Date())
    }

    private func range(_ bounds: [Int?]) throws(TemplateError) -> [TemplateValue] {
        let given = bounds.compactMap(\.self)
        guard given.count == bounds.count, (1...3).contains(given.count) else { throw fault("'range' of no numbers") }
        let (start, stop) = given.count == 1 ? (0, given[0]) : (given[0], given[1])
        let step = given.count == 3 ? given[2] : 1
        guard step != 0, abs(start) < 1 << 40, abs(stop) < 1 << 40, abs(stop - start) / abs(step) <= 100_000 else {
            throw fault("'range' over more than 100000 numbers")
        }
        return Swift.stride(from: start, to: stop, by: step).map { .integer($0) }
    }
}
