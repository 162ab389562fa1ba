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
}
