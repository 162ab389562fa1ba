/// One text for all expressions that only order their summands or factors differently.
enum CanonicalForm {
    /// `3+4*2` and `2*4+3` become the same text; `8-3` and `3-8` do not.
    static func of(_ expression: Expression) -> String {
        switch expression {
        case .number(let value): return value.description
        case .unknown: return "x"
        case .negated, .binary(.add, _, _), .binary(.subtract, _, _):
            var terms: [String] = []
            collectTerms(of: expression, sign: "+", into: &terms)
            return "(" + terms.sorted().joined() + ")"
        case .binary(.multiply, _, _), .binary(.divide, _, _):
            var factors: [String] = []
            collectFactors(of: expression, inverted: false, into: &factors)
            return "(" + factors.sorted().joined() + ")"
        }
    }

    /// An equation is the same question with its sides exchanged.
    static func ofEquation(_ left: Expression, _ right: Expression) -> String {
        [of(left), of(right)].sorted().joined(separator: "=")
    }

    private static func collectTerms(of expression: Expression, sign: Character, into terms: inout [String]) {
        let opposite: Character = sign == "+" ? "-" : "+"
        switch expression {
        case .negated(let operand):
            collectTerms(of: operand, sign: opposite, into: &terms)
        case .binary(let operation, let left, let right) where !operation.isMultiplicative:
            collectTerms(of: left, sign: sign, into: &terms)
            collectTerms(of: right, sign: operation == .add ? sign : opposite, into: &terms)
        default:
            terms.append("\(sign)\(of(expression))")
        }
    }

    private static func collectFactors(of expression: Expression, inverted: Bool, into factors: inout [String]) {
        guard case .binary(let operation, let left, let right) = expression, operation.isMultiplicative else {
            factors.append("\(inverted ? "/" : "*")\(of(expression))")
            return
        }
        collectFactors(of: left, inverted: inverted, into: &factors)
        collectFactors(of: right, inverted: operation == .multiply ? inverted : !inverted, into: &factors)
    }
}
