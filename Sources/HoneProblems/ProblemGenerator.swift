/// An endless, seeded sequence of problems with random access.
///
/// The problem at an index depends on nothing but the seed, the levels, the split and the index, on every platform;
/// so an index is all that a resumed training needs.
public struct ProblemGenerator: Sendable {
    public let seed: UInt64
    /// The levels in turn; a level that stands there twice is drawn twice as often.
    public let levels: [ProblemLevel]

    public init(seed: UInt64, level: ProblemLevel) {
        self.seed = seed
        levels = [level]
    }

    /// - Throws: ``ProblemError/noLevels`` for an empty list.
    public init(seed: UInt64, levels: [ProblemLevel]) throws(ProblemError) {
        guard !levels.isEmpty else { throw .noLevels }
        self.seed = seed
        self.levels = levels
    }

    /// The problem at `index`, whose level is the one at that place of ``levels``, repeated.
    public func problem(at index: UInt64, split: ProblemSplit = .train) -> Problem {
        let level = levels[Int(index % UInt64(levels.count))]
        var random = RandomSource(words: seed, UInt64(level.rawValue), index)
        while true {
            let problem = Self.problem(of: level, &random)
            if problem.split == split { return problem }
        }
    }

    /// The first `count` problems of a split that are different questions, in the ratio of ``levels``.
    ///
    /// - Throws: ``ProblemError/exhausted(level:split:found:)`` where a level has too few.
    public func distinct(_ count: Int, split: ProblemSplit) throws(ProblemError) -> [Problem] {
        var problems: [Problem] = []
        var seen: Set<String> = []
        var draws: UInt64 = 0
        let stride = UInt64(levels.count)
        for position in 0..<UInt64(count) {
            var problem = problem(at: position, split: split)
            var attempts = 0
            while !seen.insert(problem.canonicalForm).inserted {
                guard attempts < Self.attemptLimit else {
                    throw .exhausted(level: problem.level, split: split, found: problems.count)
                }
                attempts += 1
                draws += 1
                problem = self.problem(at: position % stride + (UInt64(count) + draws) * stride, split: split)
            }
            problems.append(problem)
        }
        return problems
    }

    private static let attemptLimit = 10_000

    private static func problem(of level: ProblemLevel, _ random: inout RandomSource) -> Problem {
        let draft =
            switch level {
            case .arithmetic: CalculationFamily.singleOperation(&random)
            case .multiStep:
                random.chance(percent: 40)
                    ? EquationFamily.equation(&random) : CalculationFamily.multiStep(&random)
            case .story: StoryFamily.story(&random)
            case .reading: NarrativeFamily.narrative(&random)
            }
        return Problem(
            level: level, prompt: draft.prompt, steps: draft.steps, answer: "\(draft.answer)",
            canonicalForm: draft.canonicalForm)
    }
}
