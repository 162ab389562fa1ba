import HoneProblems
import Testing

@Suite struct StepsByPlacesTests {
    @Test(arguments: [
        ("76-25=51", ["76-20=56", "56-5=51"]),
        ("41-57=-16", ["41-50=-9", "-9-7=-16"]),
        ("8+5=13", ["8+5=13"]),
        ("120 + 305 = 425", ["120+300=420", "420+5=425"]),
        ("10-0=10", ["10-0=10"]),
        ("6*47=282", ["6*40=240", "6*7=42", "240+40=280", "280+2=282"]),
    ])
    func `sums and products are worked by place value`(equation: String, steps: [String]) {
        #expect(StepGrammar.byPlaces(equation) == steps)
    }

    @Test(arguments: [
        "378/6=63", "1.5+2=3.5", "2+3+4=9", "2+3=6", "12345*6789=83810205", "words", "", "x+2=5", "1=1=1", "-4+9=5",
    ])
    func `what has no such way stays as it is`(equation: String) {
        #expect(StepGrammar.byPlaces(equation) == [equation])
    }

    @Test func `whatever is worked out is true and ends in the equation's value`() {
        for index in 0..<2_000 {
            let (left, right) = (index * 7_919 % 10_000, index * 104_729 % 1_000)
            for (sign, value) in [("+", left + right), ("-", left - right), ("*", left * right)] {
                let steps = StepGrammar.byPlaces("\(left)\(sign)\(right)=\(value)")
                let completion = StepGrammar.completion(steps: steps, answer: "\(value)")
                let verdict = SolutionChecker().check(completion, prompt: "\(left) \(right)", reference: "\(value)")
                #expect(verdict.verdict == .correct)
                let isSound = verdict.steps.allSatisfy { $0.status == .valid && $0.isGrounded }
                #expect(isSound, "\(left)\(sign)\(right): \(verdict.steps)")
                #expect(steps.last?.hasSuffix("=\(value)") == true)
            }
        }
    }
}
