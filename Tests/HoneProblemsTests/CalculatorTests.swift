import HoneProblems
import Testing

@Suite struct CalculatorTests {
    @Test(arguments: [
        ("3+4=", "7\n"), ("2*3=6\n6-10=", "-4\n"), ("(2+3)*4=", "20\n"), ("7/2=", "3.5\n"), ("1/3=", "(1/3)\n"),
        ("so:\n 5 * 5 =", "25\n"),
    ])
    func `after an equals sign comes the exact value of the line`(text: String, continuation: String) {
        #expect(Calculator.continuation(of: text) == continuation)
    }

    @Test(arguments: ["", "3+4", "=", "3+4=7", "x+1=", "1/0=", "a sum =", "3+4=\n", "1=1=", "99999999999999999999+1="])
    func `where there is nothing to calculate the model goes on by itself`(text: String) {
        #expect(Calculator.continuation(of: text) == nil)
    }
}
