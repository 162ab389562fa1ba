import HoneProblems

/// The task `reading`, whose hard level is most of all a matter of reading: many wordings, and a sentence before that
/// has nothing to do with the question and may hold a number.
extension CurriculumDraft {
    /// What is done with the three numbers of a story.
    private enum Form: Sendable {
        /// (a+b)*c
        case sumTimes
        /// a+b+c
        case sum
        /// a*b+c
        case productPlus

        func lines(_ a: Int, _ b: Int, _ c: Int) -> [Equation] {
            switch self {
            case .sumTimes: [Equation(a, "+", b, a + b), Equation(a + b, "*", c, (a + b) * c)]
            case .sum: [Equation(a, "+", b, a + b), Equation(a + b, "+", c, a + b + c)]
            case .productPlus: [Equation(a, "*", b, a * b), Equation(a * b, "+", c, a * b + c)]
            }
        }

        func expression(_ a: Int, _ b: Int, _ c: Int) -> String {
            switch self {
            case .sumTimes: "(\(a)+\(b))*\(c)"
            case .sum: "\(a)+\(b)+\(c)"
            case .productPlus: "\(a)*\(b)+\(c)"
            }
        }
    }

    private struct Equation {
        let left: String
        let value: Int

        init(_ first: Int, _ sign: String, _ second: Int, _ value: Int) {
            (self.left, self.value) = ("\(first)\(sign)\(second)", value)
        }

        var line: String { "\(left)=\(value)" }
    }

    /// `@` and `&` stand for people, `#` for things, and 0, 1, 2 for the numbers.
    private static let longWordings: [(form: Form, text: String)] = [
        (.sumTimes, "@ has 0 # and & has 1. Each costs 2 coins. What do they cost?"),
        (.sumTimes, "@ and & buy 0 and 1 bags of 2 #. How many # is that?"),
        (.sumTimes, "Every day @ finds 0 # and & finds 1. How many # do they find in 2 days?"),
        (.sumTimes, "A box holds 0 # of @ and 1 of &. How many # are in 2 such boxes?"),
        (.sum, "@ has 0 #, finds 1 and gets 2 from &. How many # has @ now?"),
        (.sum, "There are 0 # here, @ brings 1, & brings 2. How many # in all?"),
        (.sum, "@ ate 0 #, & ate 1 and 2 are left. How many # were there?"),
        (.sum, "0 # are red, 1 are blue and 2 are green. How many # does @ see?"),
        (.productPlus, "@ buys 0 packs of 1 # and & brings 2 more. How many # do they have?"),
        (.productPlus, "& fills 0 bowls with 1 # each, 2 stay with @. How many # were there?"),
    ]
    /// `%` is any digit.
    private static let asides = [
        "It rains and the bus is late.", "The shop opens at %.", "Her brother is % years old.", "They met % days ago.",
        "The way home takes % minutes.", "A cat sleeps by the door.",
    ]

    static func reading(level: Int, _ random: inout RandomSource) -> CurriculumDraft {
        let numbers = (0..<3).map { _ in random.integer(2...6) }
        let (form, text) = longWordings[random.integer(0...longWordings.count - 1)]
        let equations = form.lines(numbers[0], numbers[1], numbers[2])
        let expression = form.expression(numbers[0], numbers[1], numbers[2])
        func draft(_ prompt: String, _ equations: [Equation]) -> CurriculumDraft {
            CurriculumDraft(
                prompt: prompt, lines: equations.map(\.line), answer: "\(equations[equations.count - 1].value)",
                question: expression)
        }
        switch level {
        case 1:
            let equation = equations[random.integer(0...1)]
            return draft(equation.left + "=?", [equation])
        case 2: return draft(expression + "=?", equations)
        default: return draft(story(text, numbers, &random), equations)
        }
    }

    private static func story(_ text: String, _ numbers: [Int], _ random: inout RandomSource) -> String {
        let names = shuffled(people, &random)
        let thing = things[random.integer(0...things.count - 1)]
        let aside = asides[random.integer(0...asides.count - 1)]
        return (aside + " " + text).map { character in
            switch character {
            case "0", "1", "2": "\(numbers[character.wholeNumberValue ?? 0])"
            case "%": "\(random.integer(1...9))"
            case "@": names[0]
            case "&": names[1]
            case "#": thing
            default: String(character)
            }
        }.joined()
    }
}
