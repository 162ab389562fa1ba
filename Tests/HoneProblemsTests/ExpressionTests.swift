import HoneProblems
import Testing

@Suite struct ExpressionTests {
    @Test(arguments: [
        ("2+3*4", "14"), ("(2+3)*4", "20"), ("20-5-3", "12"), ("24/4/2", "3"), ("-3*-2", "6"), ("2--3", "5"),
        ("1/3+1/6", "1/2"), (".5*4", "2"), ("1,000+1", "1001"), ("20%*50", "10"), ("7 \u{00D7} 3 \u{2212} 1", "20"),
        ("10/4", "5/2"), ("--5", "5"),
    ])
    func `expressions have their exact value`(text: String, value: String) throws {
        #expect(try ExpressionParser.parse(text).value().description == value)
    }

    @Test(arguments: [
        "", " ", "2+", "*2", "(2+3", "2+3)", "2 3", "2**3", "two", "1.2.3", "2^3", "()", "1,00+1", "3x", "0x1F", "1e5",
    ])
    func `text that is no expression is refused with its place`(text: String) {
        #expect {
            try ExpressionParser.parse(text)
        } throws: {
            guard case .malformed(_, let offset, _)? = $0 as? ProblemError else { return false }
            return (0...text.utf8.count).contains(offset)
        }
    }

    @Test func `depth and length are bounded`() {
        let deep = String(repeating: "(", count: 200) + "1" + String(repeating: ")", count: 200)
        #expect(throws: ProblemError.tooDeep(limit: ExpressionParser.depthLimit)) { try ExpressionParser.parse(deep) }
        let negated = String(repeating: "-", count: 400) + "1"
        #expect(throws: ProblemError.tooDeep(limit: ExpressionParser.depthLimit)) {
            try ExpressionParser.parse(negated)
        }
        let long = String(repeating: "1+", count: 5000) + "1"
        #expect(throws: ProblemError.tooLong(byteCount: 10001, limit: ExpressionParser.byteLimit)) {
            try ExpressionParser.parse(long)
        }
        #expect(throws: ProblemError.overflow) { try ExpressionParser.parse(String(repeating: "9", count: 30)) }
    }

    @Test func `an expression's text has the parentheses it needs and no others`() throws {
        for text in ["(2+3)*4", "2+3*4", "20-(5-3)", "24/(4/2)", "24/(4*2)", "2*(3*4)", "-(2+3)", "2*x-5"] {
            #expect(try ExpressionParser.parse(text).description == text)
        }
        #expect(try ExpressionParser.parse("((2)*(3))+(4)").description == "2*3+4")
    }
}
