import HoneProblems

/// A chain of assignments in about 1,000 tokens: every line gives a variable the value of another plus a digit, modulo
/// 10, and says the result. A line's value needs what was last given to its source, any number of lines ago.
struct LongChain {
    /// Six tokens a line: target, source, `+`, digit, `=`, value.
    private(set) var tokens: [Int32] = []

    static let lineLength = 6
    static let variableCount = 16
    /// Digits, variables, `+`, `=`, and the source of a constant.
    static let vocabularySize = 10 + variableCount + 3
    private static let (plus, equals, nothing) = (10 + variableCount, 11 + variableCount, 12 + variableCount)

    init(lineCount: Int, _ random: inout RandomSource) {
        var values = [Int](repeating: 0, count: Self.variableCount)
        var order = Array(0..<Self.variableCount)
        for i in order.indices.reversed() { order.swapAt(i, random.integer(0...i)) }
        for line in 0..<lineCount {
            let isFirst = line < order.count
            let target = isFirst ? order[line] : random.integer(0...Self.variableCount - 1)
            let source = isFirst ? nil : random.integer(0...Self.variableCount - 1)
            let digit = random.integer(0...9)
            values[target] = ((source.map { values[$0] } ?? 0) + digit) % 10
            let line = [
                10 + target, source.map { 10 + $0 } ?? Self.nothing, Self.plus, digit, Self.equals, values[target],
            ]
            tokens += line.map(Int32.init)
        }
    }

    /// Where the tokens stand that say the next token is a value, from a line on.
    static func places(from line: Int, lineCount: Int) -> [Int] {
        (line..<lineCount).map { $0 * lineLength + lineLength - 2 }
    }
}

extension LongChain {
    /// How many tokens before a line's value the value stands that it is made of.
    func distance(ofLine line: Int) -> Int {
        let source = tokens[line * Self.lineLength + 1]
        let former = (0..<line).last { tokens[$0 * Self.lineLength] == source } ?? line
        return (line - former) * Self.lineLength
    }
}
