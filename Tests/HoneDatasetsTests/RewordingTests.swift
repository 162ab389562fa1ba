import HoneDatasets
import Testing

@Suite struct RewordingTests {
    private func rewordings(_ prompt: String, _ answer: String, _ step: String) throws -> [Example] {
        let rows = """
            {"prompt": "\(prompt)", "answer": "\(answer)", "steps": ["\(step)"], "split": "train"}
            {"prompt": "What is 3+4?", "answer": "7", "steps": ["3+4=7"], "split": "train"}

            """
        return try read(rows, as: "problems.jsonl", rewordingCount: 400).filter { $0.metadata["reworded"] != nil }
    }

    private func apples() throws -> [Example] {
        try rewordings(
            "Mary had 12 apples. She gave 5 apples to Tom. How many apples does Mary have now?", "7", "12-5=7")
    }

    @Test func `the same file is reworded alike each time, in many ways`() throws {
        let reworded = try apples()
        #expect(try reworded == apples())
        #expect(Set(reworded.map(\.prompt)).count > 30)
        #expect(reworded.allSatisfy { $0.prompt.hasSuffix("?") })
    }

    @Test func `an answer is told and the start or the change asked`() throws {
        let reworded = try apples()
        let start = "mary had some apples. she gave 5 apples to tom. "
        #expect(reworded.contains { $0.prompt.hasPrefix(start) && $0.answer == "12" && $0.steps == ["7+5=12"] })
        let change = "mary had 12 apples. she gave some apples to tom. "
        #expect(reworded.contains { $0.prompt.hasPrefix(change) && $0.answer == "5" && $0.steps == ["12-7=5"] })
        #expect(reworded.contains { $0.prompt.hasSuffix("how many apples did she give to tom?") })
    }

    @Test func `two amounts are compared or added`() throws {
        let reworded = try rewordings(
            "Ann has 9 red cups and 4 blue cups. How many cups does Ann have?", "13", "9+4=13")
        #expect(reworded.contains { $0.prompt.contains("more red cups than blue cups") && $0.answer == "5" })
        #expect(reworded.contains { $0.prompt.contains("fewer blue cups than red cups") && $0.answer == "5" })
        #expect(!reworded.contains { $0.prompt.contains("fewer red cups than") })
    }

    @Test func `numbers that do not count leave the answer as it is`() throws {
        let kept = try apples().filter { $0.answer == "7" }
        #expect(kept.count > 20)
        #expect(kept.allSatisfy { $0.steps == ["12-5=7"] })
        #expect(kept.contains { $0.prompt.split { !$0.isNumber }.count > 2 })
        let equations = Set(kept.compactMap(SlottedProblem.completion))
        #expect(equations.isSuperset(of: [" - A B", " - A C", " - B C"]))
    }

    @Test func `what no pattern fits has no rewordings`() throws {
        #expect(try rewordings("Count 5 and 4.", "9", "5+4=9").isEmpty)
    }
}
