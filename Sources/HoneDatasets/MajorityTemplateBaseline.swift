import HoneProblems

/// The control for word problems: answer every one with the equation that was most frequent in training.
///
/// Patel et al. 2021 (arXiv:2103.07191, table 4) use it to tell how far shallow cues go.
public struct MajorityTemplateBaseline: Sendable {
    /// The most frequent equation.
    public let template: EquationTemplate
    /// How many training examples have it.
    public let supportCount: Int

    /// Counts the equations of the training examples; nil if none has steps that form one.
    public init?(fittedOn examples: some Sequence<Example>) {
        var counts: [EquationTemplate: Int] = [:]
        for example in examples {
            if let template = EquationTemplate(example) { counts[template, default: 0] += 1 }
        }
        // Ties are broken by the text, so that the same data always gives the same baseline.
        let ranked = counts.max { ($0.value, $1.key.description) < ($1.value, $0.key.description) }
        guard let ranked else { return nil }
        template = ranked.key
        supportCount = ranked.value
    }

    /// The baseline's answer in plain decimals; nil where the prompt has too few numbers.
    public func answer(to prompt: String) -> String? {
        template.value(for: NumbersInText.all(in: prompt))?.decimalText
    }

    /// Whether the baseline's answer equals the reference exactly, as a number.
    public func isRight(on example: Example) -> Bool {
        guard let value = template.value(for: NumbersInText.all(in: example.prompt)) else { return false }
        return value == Rational(publishedNumber: example.answer)
    }

    /// The share of examples that it answers right, 0 to 1.
    /// - Precondition: there is at least one example.
    public func accuracy(on examples: [Example]) -> Double {
        precondition(!examples.isEmpty, "accuracy on no examples")
        return Double(examples.count { isRight(on: $0) }) / Double(examples.count)
    }
}
