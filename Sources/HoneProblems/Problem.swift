/// A question with its worked steps and its exact answer.
public struct Problem: Hashable, Sendable, Codable {
    public let level: ProblemLevel
    public let prompt: String
    /// One true equation a line, `expression=value`, in the order in which a person would write them.
    public let steps: [String]
    public let answer: String
    /// The question without what does not change it: the order of summands and factors, names, things, wording.
    public let canonicalForm: String

    package init(level: ProblemLevel, prompt: String, steps: [String], answer: String, canonicalForm: String) {
        self.level = level
        self.prompt = prompt
        self.steps = steps
        self.answer = answer
        self.canonicalForm = canonicalForm
    }

    /// The completion that a model learns: the steps, then `#### answer`.
    public var completion: String { StepGrammar.completion(steps: steps, answer: answer) }

    /// ``stableHash(of:)`` of the canonical form.
    public var canonicalHash: UInt64 { stableHash(of: canonicalForm) }

    /// Where the question belongs, by its canonical hash alone: so no two splits share one, whatever the seed.
    public var split: ProblemSplit {
        switch canonicalHash % 20 {
        case 0, 1: .test
        case 2: .validation
        default: .train
        }
    }
}

/// FNV-1a of a text, mixed; equal on every platform and in every version, so that splits can rest on it.
public func stableHash(of text: String) -> UInt64 {
    let basis: UInt64 = 0xCBF2_9CE4_8422_2325
    return RandomSource.mix(text.utf8.reduce(basis) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 })
}

/// How hard a generated problem is.
public enum ProblemLevel: Int, Hashable, Sendable, Codable, CaseIterable {
    /// One operation on numbers below one hundred.
    case arithmetic = 1
    /// Two or three operations with precedence and parentheses, and linear equations.
    case multiStep = 2
    /// Short stories of two or three steps.
    case story = 3
    /// Stories of one or two steps in many wordings, some with numbers that do not count; a step is one operation.
    case reading = 4
}

/// What a problem may be used for: 17 of 20 canonical questions train, 1 validates, 2 test.
public enum ProblemSplit: String, Hashable, Sendable, Codable, CaseIterable {
    case train
    case validation
    case test
}
