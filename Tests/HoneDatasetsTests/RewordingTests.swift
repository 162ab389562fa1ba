import HoneDatasets
import Testing

@Suite struct RewordingTests {
    private let rows = """
        {"prompt": "Mary had 12 apples. She gave 5 apples to Tom. How many apples does Mary have now?", \
        "answer": "7", "steps": ["12-5=7"], "split": "train"}
        {"prompt": "What is 3+4?", "answer": "7", "steps": ["3+4=7"], "split": "train"}

        """

    private func read(_ count: Int) throws -> [Example] {
        try HoneDatasetsTests.read(rows, as: "problems.jsonl", rewordingCount: count)
    }

    @Test func `rewordings keep the equation and change the words`() throws {
        let examples = try read(40)
        let reworded = examples.filter { $0.metadata["reworded"] != nil }
        #expect(reworded.count > 20)
        #expect(Set(reworded.map(\.prompt)).count > 20)
        for example in reworded {
            #expect(example.answer == "7" && example.steps == ["12-5=7"])
            #expect(example.prompt != examples[0].prompt)
            #expect(example.prompt.hasSuffix("?"))
        }
    }

    @Test func `a number that does not count is none of the others, and the equation finds its own`() throws {
        let reworded = try read(40).filter { $0.metadata["reworded"] != nil }
        let completions = Set(reworded.compactMap(SlottedProblem.completion))
        // Told in another order, the number that is taken away comes first.
        #expect(completions.isSuperset(of: [" - A B", " - A C", " - B C"]))
        #expect(completions.isSubset(of: [" - A B", " - A C", " - B C", " - B A", " - C A", " - C B"]))
    }

    @Test func `the same file is reworded alike each time`() throws {
        #expect(try read(5) == read(5))
    }

    @Test func `the words of one name stay one name`() throws {
        for example in try read(40) where example.metadata["reworded"] != nil {
            let names = example.prompt.split(separator: " ")
            #expect(names.contains { $0.first?.isUppercase == true })
        }
    }
}
