import HoneProblems
import Testing

@Suite struct SolutionCheckerTests {
    private let checker = SolutionChecker()

    @Test(arguments: [
        ("1,000", "1000"), ("$5", "5"), ("5.0", "5"), ("10/4", "2.5"), ("-0", "0"), ("-$3", "-3"), ("$-3.50", "-7/2"),
        ("1 1/2", "1.5"), ("50%", "50"), ("50%", "0.5"), ("0.5", "50%"), ("12 apples", "12"), ("12.", "12"),
        ("x=7", "7"), ("x = -7", "-7"), ("\u{2212}4", "-4"), ("007", "7"), ("3 $", "3"), ("5/-2", "-2.5"),
        ("A", "a"),
    ])
    func `an answer in another form of the same number is correct`(given: String, reference: String) {
        #expect(checker.check("#### \(given)", prompt: "", reference: reference).verdict == .correct)
    }

    @Test(arguments: [("5.01", "5"), ("-5", "5"), ("50%", "5"), ("1000", "1"), ("1/3", "0.333"), ("0", "10")])
    func `another number is wrong`(given: String, reference: String) {
        let verdict = checker.check("#### \(given)", prompt: "", reference: reference)
        #expect(verdict.verdict == .wrong)
        #expect(verdict.reason == "expected \(reference)")
    }

    @Test(arguments: [
        "", "five", "1e999", "1,00", "5 6", "5 or 6", "5/0", "5-6", "3*5", "x", "x=", "=5", "\u{1F600}", "NaN", "1/2/3",
        "99999999999999999999", "0.00000000000000000000001", "1.2.3", "--5", "5%%", "+5+",
    ])
    func `an answer that is no single number that fits is unscorable, never wrong`(given: String) {
        let verdict = checker.check("#### \(given)", prompt: "", reference: "5")
        #expect(verdict.verdict == .unscorable)
        #expect(verdict.reason != nil)
    }

    @Test func `a completion without an answer line is unscorable and keeps its steps`() {
        let verdict = checker.check("2+3=5\n5*2=10", prompt: "(2+3)*2=?", reference: "10")
        #expect(verdict.verdict == .unscorable)
        #expect(verdict.steps.map(\.status) == [.valid, .valid])
    }

    @Test(arguments: [
        ("2+3=5", StepStatus.valid), ("1/3=2/6", .valid), ("2*(3+4)=14", .valid), ("7/2=3.5", .valid),
        ("2+3=6", .invalid), ("10/3=3.33", .invalid), ("0-3=3", .invalid),
        ("2+3", .unparsable), ("2+3=5=5", .unparsable), ("=5", .unparsable), ("5=", .unparsable),
        ("3*x=15", .unparsable), ("1/0=1", .unparsable), ("so it is 5", .unparsable),
        ("9223372036854775807+1=0", .unparsable),
    ])
    func `each step is judged on exact fractions`(step: String, status: StepStatus) throws {
        let verdict = try #require(checker.check("\(step)\n#### 1", prompt: "", reference: "1").steps.first)
        #expect(verdict.status == status)
        #expect((verdict.reason == nil) == (status == .valid))
    }

    @Test func `a step whose numbers come from nowhere is true but not grounded`() {
        let steps = checker.check(
            "60*6=360\n378-360=18\n21*60=1260\n1260+41=1301\n#### 1301", prompt: "Six friends share 378",
            reference: "1301"
        ).steps
        #expect(steps.allSatisfy { $0.status == .valid })
        #expect(steps.map(\.isGrounded) == [true, true, false, false])
    }

    @Test func `a calculator's annotations inside prose are the steps`() {
        let text = """
            Natalia sold 48/2 = <<48/2=24>>24 clips in May.
            In all she sold 48+24 = <<48+24=72>>72 clips, half of which is <<72/2=37>>37.

            #### 72
            #### 99
            """
        let verdict = checker.check(text, prompt: "Natalia sold 48 clips, and half as many", reference: "72")
        #expect(verdict.verdict == .correct)
        #expect(verdict.steps.map(\.text) == ["48/2=24", "48+24=72", "72/2=37"])
        #expect(verdict.steps.map(\.status) == [.valid, .valid, .invalid])
        #expect(!verdict.hasOnlyValidSteps)
    }

    @Test func `no text crashes or stalls the checker`() {
        let pieces = [
            "####", "<<", ">>", "=", "+", "-", "*", "/", "(", ")", "%", "$", ",", ".", "x", " ", "\n", "\r\n", "0", "9",
            "1,000", "922337203685477580", "\u{0}", "e\u{301}", "\u{1F468}\u{200D}\u{1F469}", "\u{2212}", "apples",
        ]
        var state: UInt64 = 42
        for _ in 0..<5_000 {
            var text = ""
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            for _ in 0..<(state >> 33) % 24 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int((state >> 33) % UInt64(pieces.count))]
            }
            let verdict = checker.check(text, prompt: text, reference: text)
            #expect(verdict.verdict != .correct || verdict.answer != nil)
        }
        let huge = String(repeating: "12+3=15\n", count: 20_000) + String(repeating: "(", count: 100_000)
        #expect(checker.check(huge, prompt: huge, reference: "1").steps.count == 20_001)
    }
}
