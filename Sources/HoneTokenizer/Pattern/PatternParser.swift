/// Compiles a regular expression as tokenizers use them; what ``Pattern`` does not follow is an error that names the
/// construct and its place.
struct PatternParser {
    typealias Fault = PatternSyntax.Fault

    private var steps: [Pattern.Step] = []

    static func parse(_ text: String) throws(Fault) -> Pattern {
        let syntax = try PatternReader.read(text, escapes: .unicode)
        var parser = PatternParser()
        let start = try parser.compile(syntax, next: parser.add(.match))
        return Pattern(steps: parser.steps, start: start)
    }

    private mutating func add(_ step: Pattern.Step) -> Int {
        steps.append(step)
        return steps.count - 1
    }

    /// The step from which `syntax` and then `next` match.
    private mutating func compile(_ syntax: PatternSyntax, next: Int) throws(Fault) -> Int {
        switch syntax {
        case .set(let set):
            return add(.run(set, minimum: 1, maximum: 1, isPossessive: false, next: next))
        case .sequence(let parts):
            var next = next
            for part in parts.reversed() { next = try compile(part, next: next) }
            return next
        case .alternatives(let branches):
            var starts: [Int] = []
            for branch in branches { starts.append(try compile(branch, next: next)) }
            return add(.branch(starts))
        case .repeated(let inner, let repetition):
            return try compile(inner, repetition, next: next)
        case .look(let inner, let isNegative, _):
            let start = try compile(inner, next: add(.match))
            return add(.look(start: start, isNegative: isNegative, next: next))
        case .start(let place): throw Fault("'^' here", place: place)
        case .end(let place): throw Fault("'$' here", place: place)
        }
    }

    /// A character as often as it may come; a group at most once.
    private mutating func compile(
        _ inner: PatternSyntax, _ repetition: PatternSyntax.Repetition, next: Int
    ) throws(Fault) -> Int {
        if repetition.kind == .lazy { throw Fault("a lazy repetition", place: repetition.place) }
        let isPossessive = repetition.kind == .possessive
        if case .set(let set) = inner {
            return add(
                .run(
                    set, minimum: repetition.minimum, maximum: repetition.maximum, isPossessive: isPossessive,
                    next: next))
        }
        guard repetition.minimum == 0, repetition.maximum == 1, !isPossessive else {
            throw Fault("a repeated group", place: repetition.place)
        }
        return add(.branch([try compile(inner, next: next), next]))
    }
}
