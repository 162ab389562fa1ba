import HoneProblems
import Testing

@Suite struct NarrativeTests {
    private var problems: [Problem] {
        let generator = ProblemGenerator(seed: 5, level: .reading)
        return (0..<3_000).map { generator.problem(at: $0) }
    }

    @Test func `every narrative is whole sentences without a mark of its template`() {
        for problem in problems {
            #expect(problem.prompt.hasSuffix("?"), "\(problem.prompt)")
            #expect(!problem.prompt.contains { "{}[]<>|".contains($0) }, "\(problem.prompt)")
            #expect(!problem.prompt.contains("  ") && !problem.prompt.contains(" ."), "\(problem.prompt)")
            #expect(problem.prompt.first?.isUppercase == true || problem.prompt.first?.isNumber == true)
        }
    }

    @Test func `some narratives have numbers that do not count`() {
        let used = problems.map { problem in
            let numbers = problem.prompt.split { !$0.isNumber }.count
            return numbers > problem.steps.count + 1
        }
        let share = Double(used.count { $0 }) / Double(used.count)
        #expect((0.3...0.8).contains(share))
    }

    @Test func `every step is one operation on whole numbers that are not negative`() {
        for step in problems.flatMap(\.steps) {
            #expect(step.split { "+-*/=".contains($0) }.count == 3, "\(step)")
            #expect(!step.contains("=-"))
        }
    }

    @Test func `wordings and questions are many`() {
        #expect(Set(problems.map(\.prompt)).count > 2_900)
        #expect(Set(problems.map(\.canonicalForm)).count > 2_800)
    }

    @Test func `each number of a formula is in the wording`() {
        for problem in problems {
            let numbers = problem.prompt.split { !$0.isNumber }.compactMap { Int($0) }
            let results = problem.steps.compactMap { $0.split(separator: "=").last.flatMap { Int($0) } }
            let sides = problem.steps.map { $0.prefix { $0 != "=" } }
            let operands = sides.flatMap { $0.split { !$0.isNumber } }.compactMap { Int($0) }
            #expect(Set(operands).subtracting(results).isSubset(of: numbers), "\(problem.prompt) \(problem.steps)")
        }
    }
}
