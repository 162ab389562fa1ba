import HoneProblems
import Testing

@Suite struct RationalTests {
    @Test func `fractions are reduced and carry their sign above the line`() throws {
        #expect(try Rational(10, over: 4) == Rational(5, over: 2))
        #expect(try Rational(3, over: -6).description == "-1/2")
        #expect(try Rational(0, over: -7) == .zero)
        #expect(throws: ProblemError.divisionByZero) { try Rational(1, over: 0) }
    }

    @Test func `a result that fits is exact even where its parts do not`() throws {
        let third = try Rational(.max, over: 3)
        #expect(try third * Rational(3) == Rational(.max))
        #expect(try Rational(.min) / Rational(.min) == .one)
        #expect(try Rational(1, over: .max) - Rational(1, over: .max) == .zero)
        let (smaller, larger) = (try Rational(1, over: .max), try Rational(2, over: .max))
        #expect(smaller < larger)
    }

    @Test func `a result that does not fit throws instead of trapping`() {
        #expect(throws: ProblemError.overflow) { try Rational(.max) + .one }
        #expect(throws: ProblemError.overflow) { try Rational(.max) * Rational(.max) }
        #expect(throws: ProblemError.overflow) { try Rational.zero - Rational(.min) }
        #expect(throws: ProblemError.overflow) { try Rational(1, over: .max) + Rational(1, over: .max - 1) }
        #expect(throws: ProblemError.overflow) { try Rational(.min, over: -1) }
    }
}
