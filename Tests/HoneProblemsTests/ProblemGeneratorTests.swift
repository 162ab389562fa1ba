import HoneProblems
import Testing

@Suite struct ProblemGeneratorTests {
    private let checker = SolutionChecker()

    private func problems(_ count: Int, level: ProblemLevel, split: ProblemSplit = .train) -> [Problem] {
        let generator = ProblemGenerator(seed: 11, level: level)
        return (0..<UInt64(count)).map { generator.problem(at: $0, split: split) }
    }

    /// What a gate asks for by default, and what `docs/gate.md` shows.
    @Test(arguments: [([ProblemLevel.multiStep, .story], 8000), ([.arithmetic], 1000)])
    func theTestSplitHasEnoughProblemsForAGate(levels: [ProblemLevel], count: Int) throws {
        let problems = try ProblemGenerator(seed: 4711, levels: levels).distinct(count, split: .test)
        #expect(Set(problems.map(\.canonicalForm)).count == count)
    }

    @Test(arguments: ProblemLevel.allCases)
    func `every generated problem has valid, grounded steps that end in its answer`(level: ProblemLevel) {
        for problem in problems(4_000, level: level) {
            let verdict = checker.check(problem.completion, of: problem)
            #expect(verdict.verdict == .correct)
            #expect(verdict.hasOnlyValidSteps, "\(problem)")
            let isGrounded = verdict.steps.allSatisfy(\.isGrounded)
            #expect(isGrounded, "\(problem) \(verdict.steps)")
            #expect(problem.steps.last?.hasSuffix("=\(problem.answer)") == true, "\(problem)")
            let limit = level == .reading ? 480 : 240
            #expect(problem.prompt.utf8.count + problem.completion.utf8.count < limit, "\(problem)")
        }
    }

    @Test func `the answer satisfies the prompt when that is calculated on its own`() throws {
        for level in [ProblemLevel.arithmetic, .multiStep] {
            for problem in problems(4_000, level: level) {
                let answer = try AnswerText(problem.answer).value
                let sides = problem.prompt.split(separator: ",")[0].split(separator: "=").map(String.init)
                let left = try ExpressionParser.parse(sides[0]).value(unknown: answer)
                let right = sides[1] == "?" ? answer : try ExpressionParser.parse(sides[1]).value(unknown: answer)
                #expect(left == right, "\(problem)")
            }
        }
    }

    @Test(arguments: ProblemLevel.allCases)
    func `a changed digit in any step is caught`(level: ProblemLevel) {
        for problem in problems(500, level: level) {
            for index in problem.steps.indices {
                var steps = problem.steps
                guard let last = steps[index].last?.wholeNumberValue else { continue }
                steps[index] = steps[index].dropLast() + "\((last + 1 + index % 9) % 10)"
                let completion = StepGrammar.completion(steps: steps, answer: problem.answer)
                let verdict = checker.check(completion, of: problem)
                #expect(verdict.steps[index].status == .invalid, "\(steps)")
                #expect(!verdict.hasOnlyValidSteps)
            }
        }
    }

    @Test(arguments: ProblemLevel.allCases)
    func `no canonical question is in two splits`(level: ProblemLevel) {
        let forms = ProblemSplit.allCases.map { Set(problems(3_000, level: level, split: $0).map(\.canonicalForm)) }
        #expect(forms[0].isDisjoint(with: forms[1]))
        #expect(forms[0].isDisjoint(with: forms[2]))
        #expect(forms[1].isDisjoint(with: forms[2]))
        #expect(problems(200, level: level, split: .test).allSatisfy { $0.split == .test })
    }

    @Test func `orders that do not change a question share one canonical form`() {
        var sides: [String: Set<String>] = [:]
        for problem in problems(20_000, level: .arithmetic) {
            sides[problem.canonicalForm, default: []].insert(problem.prompt)
        }
        #expect(sides["(+23+45)"].map { $0.isSubset(of: ["23+45=?", "45+23=?"]) } != false)
        #expect(sides.values.contains { $0.count == 2 })
        #expect(sides.values.allSatisfy { $0.count <= 2 })
    }

    @Test func `the same seed and index give the same problem, and other seeds give others`() throws {
        let generator = try ProblemGenerator(seed: 3, levels: ProblemLevel.allCases)
        let again = try ProblemGenerator(seed: 3, levels: ProblemLevel.allCases)
        let other = try ProblemGenerator(seed: 4, levels: ProblemLevel.allCases)
        #expect((0..<300).map { generator.problem(at: $0) } == (0..<300).map { again.problem(at: $0) })
        #expect((0..<300).filter { generator.problem(at: $0) == other.problem(at: $0) }.count < 30)
        #expect((0..<8).map { generator.problem(at: $0).level.rawValue } == [1, 2, 3, 4, 1, 2, 3, 4])
    }

    @Test func `there are enough distinct test problems for a thousand questions`() throws {
        let problems = try ProblemGenerator(seed: 1, levels: ProblemLevel.allCases).distinct(2_000, split: .test)
        #expect(Set(problems.map(\.canonicalForm)).count == 2_000)
        #expect(problems.filter { $0.level == .arithmetic }.count == 500)
        #expect(problems.allSatisfy { $0.split == .test })
    }

    @Test func `asking for more distinct problems than there are says so`() throws {
        let generator = ProblemGenerator(seed: 1, level: .arithmetic)
        #expect {
            try generator.distinct(20_000, split: .validation)
        } throws: {
            guard case .exhausted(.arithmetic, .validation, let found)? = $0 as? ProblemError else { return false }
            return found > 500
        }
    }
}
