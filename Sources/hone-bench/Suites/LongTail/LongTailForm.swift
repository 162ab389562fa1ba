import HoneProblems
import HoneTraining

/// Forms of questions, the commonest first; `#` stands for a number.
enum LongTailForm: String, CaseIterable, Sendable {
    case sum = "#+#"
    case difference = "#-#"
    case sumLessOne = "#+#-#"
    case sumOfThree = "#+#+#"
    case differenceAndOne = "#-#+#"
    case doubled = "2*#+#"
    case differenceOfThree = "#-#-#"
    case tens = "10*#+#"
    case doubledLess = "2*#-#"
    case tripled = "3*#+#"
    case lessDoubled = "#-2*#"
    case tripledLess = "3*#-#"

    /// Different questions, of which those that a training never sees are told by their hash.
    func questions(_ count: Int, heldOut: Bool, seed: UInt64) throws -> [TrainingExample] {
        var random = RandomSource(words: seed, stableHash(of: rawValue), heldOut ? 1 : 0)
        var seen: Set<String> = []
        var examples: [TrainingExample] = []
        while examples.count < count {
            let prompt = rawValue.map { $0 == "#" ? String(random.integer(0...99)) : String($0) }.joined()
            guard (stableHash(of: prompt) % 10 == 0) == heldOut, seen.insert(prompt).inserted else { continue }
            let value = try ExpressionParser.parse(prompt).value()
            examples.append(
                TrainingExample(
                    prompt: prompt + "=?\n", completion: value.description,
                    shape: TemplateSignature(prompt: prompt, steps: []).description))
        }
        return examples
    }
}
