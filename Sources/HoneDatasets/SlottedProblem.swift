internal import HoneProblems

/// A word problem as a model reads it that writes an equation and leaves the calculating to the calculator: in lower
/// case, with a letter in the place of each number.
///
/// "Ann has 12 pens and buys 7." is read as `ann has A pens and buys B .`, and answered with `+ A B`, the equation in
/// Polish notation.
public struct SlottedProblem: Sendable {
    public let text: String
    /// In the order of the letters.
    private let numbers: [Rational]

    /// Numbers beyond the letters stay as they are.
    public init(prompt: String) {
        let places = NumbersInText.places(in: prompt).prefix(EquationTemplate.letters.count)
        var slotted = ReadableText()
        var end = prompt.startIndex
        for (place, letter) in zip(places, EquationTemplate.letters) {
            slotted.append(prompt[end..<place.range.lowerBound])
            slotted.append(letter: letter)
            end = place.range.upperBound
        }
        slotted.append(prompt[end...])
        text = slotted.trimmed
        numbers = places.map(\.value)
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

/// Text with one space between words and signs, however it was typed.
private struct ReadableText {
    private var text = ""

    var trimmed: String { text.last == " " ? String(text.dropLast()) : text }

    mutating func append(_ piece: Substring) {
        for scalar in piece.unicodeScalars {
            switch scalar {
            case "'", "\u{2019}": text += "'"
            case _ where scalar.properties.isWhitespace: appendSpace()
            case _ where scalar.properties.isAlphabetic || ("0"..."9").contains(scalar):
                joinApostrophe()
                text += scalar.properties.lowercaseMapping
            default:
                appendSpace()
                text.unicodeScalars.append(scalar)
                text += " "
            }
        }
    }

    mutating func append(letter: Character) {
        appendSpace()
        text.append(letter)
        text += " "
    }

    private mutating func appendSpace() {
        if let last = text.last, last != " " { text += " " }
    }

    /// Published files part words from what follows: "john ' s".
    private mutating func joinApostrophe() {
        if text.hasSuffix(" ' ") { text = text.dropLast(3) + "'" }
    }
}
