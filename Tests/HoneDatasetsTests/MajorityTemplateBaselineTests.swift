import HoneDatasets
import Testing

@Suite struct MajorityTemplateBaselineTests {
    static let training = [
        Example(prompt: "9 figs less 4 figs?", answer: "5", steps: ["9-4=5"]),
        Example(prompt: "7 less 7?", answer: "0", steps: ["7-7=0"]),
        Example(prompt: "1,000 and 2 and 3?", answer: "1005", steps: ["1000+2=1002", "1002+3=1005"]),
        Example(prompt: "no steps", answer: "1"),
    ]

    @Test func itLearnsTheMostFrequentEquationOverTheNumbersInOrder() throws {
        let baseline = try #require(MajorityTemplateBaseline(fittedOn: Self.training))
        #expect(baseline.template.description == "n0-n1")
        #expect(baseline.supportCount == 2)
        #expect(baseline.answer(to: "From 0.5 take 0.25, and forget 8.") == "0.25")
        #expect(baseline.answer(to: "Only 1 number.") == nil)
    }

    @Test func stepsAreJoinedIntoOneEquation() throws {
        let baseline = try #require(MajorityTemplateBaseline(fittedOn: [Self.training[2]]))
        #expect(baseline.template.description == "(n0+n1)+n2")
        #expect(baseline.answer(to: "1 2 3") == "6")
    }

    @Test func accuracyComparesExactly() throws {
        let baseline = try #require(MajorityTemplateBaseline(fittedOn: Self.training))
        let test = [
            Example(prompt: "1,500 less 500", answer: "1,000"), Example(prompt: "3 less 1", answer: "4"),
            Example(prompt: "0.3 less 0.1", answer: "0.2"), Example(prompt: "none", answer: "0"),
        ]
        #expect(baseline.accuracy(on: test) == 0.5)
    }

    @Test(arguments: [
        ("It cost $1,250.50. Then 3.", ["1250.50", "3"]), ("He has 5.", ["5"]), ("A .5 share of 10", [".5", "10"]),
        ("pages 1, 2,300 and 12,34", ["1", "2300", "12", "34"]), ("figs.7", ["7"]), ("1.2.3", ["1.2", "3"]),
        ("none", []),
    ])
    func numbersAreReadInTheirOrder(_ text: String, _ numbers: [String]) throws {
        for (place, number) in numbers.enumerated() {
            // A baseline that learned to take the number at this place, times seven.
            let prompt = (100...100 + place).map { "\($0)" }.joined(separator: " ")
            let example = Example(prompt: prompt, answer: "0", steps: ["\(100 + place)*7=\((100 + place) * 7)"])
            let answer = try #require(MajorityTemplateBaseline(fittedOn: [example])?.answer(to: text))
            #expect(Double(answer) == Double(number).map { $0 * 7 })
        }
    }

    @Test func withoutAnyEquationThereIsNoBaseline() {
        #expect(MajorityTemplateBaseline(fittedOn: [Example(prompt: "a", answer: "b")]) == nil)
    }
}
