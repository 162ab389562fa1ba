import HoneDatasets
import HoneProblems
import Testing

@Suite struct NumberVariationsTests {
    private func variations(of prompt: String, _ steps: [String], _ answer: String, count: Int = 40) -> [Example] {
        let example = Example(prompt: prompt, answer: answer, steps: steps, source: "made")
        guard let source = NumberVariations(of: example) else { return [] }
        return (0..<count).compactMap(source.variation)
    }

    @Test func `a variation keeps words and equation and has true, grounded steps in whole numbers`() {
        let varied = variations(
            of: "Bo had 32 figs and 8 friends, and ate 8. How many does each friend get?", ["32-8=24", "24/8=3"], "3")
        #expect(varied.count > 20)
        #expect(Set(varied.map(\.prompt)).count > 10)
        for example in varied {
            let verdict = SolutionChecker().check(
                StepGrammar.completion(steps: example.steps, answer: example.answer), prompt: example.prompt,
                reference: example.answer)
            let isSound = verdict.steps.allSatisfy { $0.status == .valid && $0.isGrounded }
            #expect(verdict.verdict == .correct && isSound, "\(example)")
            #expect(example.prompt.hasPrefix("Bo had ") && example.prompt.hasSuffix("How many does each friend get?"))
            #expect(example.steps.count == 2 && example.steps[1].contains("/"))
            let isWhole = example.answer.allSatisfy(\.isNumber)
            #expect(isWhole)
        }
    }

    @Test func `numbers keep their digits, equal ones stay equal, 0 and 1 stay`() throws {
        for example in variations(of: "1 of 250 and 250 and 7 is 0?", ["250-7=243"], "243") {
            let numbers = example.prompt.split { !$0.isNumber }.map { String($0) }
            #expect(numbers.map(\.count) == [1, 3, 3, 1, 1])
            #expect(numbers[0] == "1" && numbers[1] == numbers[2] && numbers[4] == "0")
        }
    }

    @Test func `the same number gives the same variation`() {
        let once = variations(of: "2 and 3?", ["2+3=5"], "5")
        #expect(once == variations(of: "2 and 3?", ["2+3=5"], "5"))
        #expect(!once.isEmpty)
    }

    @Test(arguments: [
        ("2.5 and 3?", ["2.5+3=5.5"]), ("How many?", ["2+3=5"]), ("2 and 3?", []), ("2 and 3?", ["words"]),
    ])
    func `what has no equation over whole numbers of its text has no variations`(prompt: String, steps: [String]) {
        #expect(NumberVariations(of: Example(prompt: prompt, answer: "5", steps: steps)) == nil)
    }

    @Test func `a difference stays above zero where it was`() {
        let varied = variations(of: "50 less 49?", ["50-49=1"], "1")
        #expect(varied.contains { !$0.answer.isEmpty })
        #expect(!varied.contains { $0.answer.hasPrefix("-") })
    }

    @Test func `a reader adds variations only to what is not held out`() throws {
        let rows = (10..<110).map { number in
            #"{"prompt": "\#(number) and 5?", "answer": "\#(number + 5)", "steps": ["\#(number)+5=\#(number + 5)"]}"#
        }
        let examples = try read(
            rows.joined(separator: "\n"), as: "rows.jsonl", format: .jsonl, heldOutPercent: 50, variationCount: 3)
        let heldOut = examples.filter { $0.split == ExampleReader.heldOutSplit }
        #expect((20...80).contains(heldOut.count))
        #expect(!heldOut.contains { $0.metadata["varied"] != nil })
        #expect(examples.count - heldOut.count == 4 * (100 - heldOut.count))
    }
}
