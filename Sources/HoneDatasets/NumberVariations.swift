import HoneProblems

/// Examples with the wording and the equation of another and with numbers of their own, so that what is learnt is the
/// wording.
public struct NumberVariations: Sendable {
    private let example: Example
    private let template: EquationTemplate
    private let places: [(range: Range<String.Index>, value: Rational)]

    /// Tries per variation: most draws make a quotient that is not whole.
    private static let tryLimit = 100

    /// Nil where the steps do not form one equation over numbers of the text, or a number of the text is not whole
    /// or a million and more.
    public init?(of example: Example) {
        guard let template = EquationTemplate(example), template.usesNumbers else { return nil }
        places = NumbersInText.places(in: example.prompt)
        guard places.allSatisfy({ $0.value.isInteger && $0.value < Rational(1_000_000) }) else { return nil }
        self.example = example
        self.template = template
    }

    /// The variation of this number, always the same one; nil where no draw gives steps in whole numbers.
    ///
    /// Numbers keep their count of digits, equal ones stay equal, and 0 and 1 stay what they are. No value on the way
    /// is negative where none was.
    public func variation(_ number: Int) -> Example? {
        var random = RandomSource(seed: stableHash(of: "\(number) \(example.prompt)"))
        for _ in 0..<Self.tryLimit {
            var drawn: [Rational: Rational] = [:]
            for place in places where drawn[place.value] == nil { drawn[place.value] = random.like(place.value) }
            guard Set(drawn.values).count == drawn.count else { continue }
            if let varied = example(with: places.map { drawn[$0.value] ?? $0.value }) { return varied }
        }
        return nil
    }

    private func example(with numbers: [Rational]) -> Example? {
        guard let expression = template.expression(numbers), let worked = worked(expression), !worked.steps.isEmpty
        else { return nil }
        let values = worked.steps.compactMap { $0.split(separator: "=").last.flatMap { Int($0) } }
        guard values.count == worked.steps.count, example.hasNegativeStep || values.allSatisfy({ $0 >= 0 }) else {
            return nil
        }
        var varied = example
        varied.prompt = prompt(with: numbers)
        varied.steps = worked.steps
        varied.answer = "\(worked.value)"
        varied.metadata["varied"] = .bool(true)
        return varied.prompt == example.prompt ? nil : varied
    }

    private func worked(_ expression: Expression) -> WorkedEquation? {
        do { return try WorkedEquation(expression) } catch { return nil }  // a division by zero, an overflow
    }

    private func prompt(with numbers: [Rational]) -> String {
        var text = ""
        var end = example.prompt.startIndex
        for (place, number) in zip(places, numbers) {
            text += example.prompt[end..<place.range.lowerBound] + "\(number)"
            end = place.range.upperBound
        }
        return text + example.prompt[end...]
    }
}

extension EquationTemplate {
    fileprivate var usesNumbers: Bool {
        switch self {
        case .number: true
        case .constant: false
        case .negated(let operand): operand.usesNumbers
        case .binary(_, let left, let right): left.usesNumbers || right.usesNumbers
        }
    }
}

extension Example {
    fileprivate var hasNegativeStep: Bool { steps.contains { $0.contains("=-") } }
}

extension RandomSource {
    /// A whole number of as many digits; 0 and 1 are kept.
    fileprivate mutating func like(_ value: Rational) -> Rational {
        guard value > .one else { return value }
        var power = 1
        while Int(value.numerator) / 10 >= power { power *= 10 }
        return Rational(Int64(integer(max(2, power)...(power * 10 - 1))))
    }
}
