internal import HoneProblems

/// A word problem as a model reads it that writes an equation and leaves the calculating to the calculator: in lower
/// case, with a letter in the place of each number and ``WordNames`` for names and things.
///
/// "Ann has 12 pens and buys 7." is read as `xc has A zb and buys B .`, and answered with `+ A B`, the equation in
/// Polish notation.
public struct SlottedProblem: Sendable {
    public let text: String
    /// In the order of the letters.
    private let numbers: [Rational]

    /// Numbers beyond the letters stay as they are. Every `naming` calls the words by other names.
    public init(prompt: String, naming: Int = 0) {
        let slotted = SlottedText(prompt)
        var names = WordNames(for: slotted.text, naming: naming)
        text = names.applied(to: slotted.text)
        numbers = slotted.numbers
    }

    /// What a model is given: words are tokens with the space before them, so the text begins with one.
    public var prompt: String { " \(text)\n" }

    /// What a model is to write, from an example's steps; nil where they do not form one equation.
    public static func completion(of example: Example) -> String? {
        EquationTemplate(example)?.canonical.prefixText.map { " \($0)" }
    }

    /// The steps of an equation with the problem's numbers put in, and the answer; nil for what is no equation, uses
    /// a number that the problem does not have, or has no value.
    public func solution(_ equation: String) -> String? {
        guard let expression = EquationTemplate(prefixText: equation)?.expression(numbers) else { return nil }
        do {
            let worked = try WorkedEquation(expression)
            return StepGrammar.completion(steps: worked.steps, answer: worked.value.stepText)
        } catch {
            return nil  // a division by zero, an overflow
        }
    }
}
