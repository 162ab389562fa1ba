import HoneProblems

/// A chain of assignments: every line gives a variable the value of another plus a small number, modulo 10, and ends
/// with the result. A line's value needs what was last given to its source: in the line before, as reasoning mostly
/// goes on, or any number of lines ago.
struct LongChain {
    /// Five tokens a line: target, digit, `+`, source, value.
    private(set) var tokens: [Int32] = []

    static let lineLength = 5
    /// Digits, then `+`, the source of a constant, and variables.
    private static let (plus, nothing, firstVariable) = (10, 11, 12)

    static func vocabularySize(variableCount: Int) -> Int { firstVariable + variableCount }

    /// - Parameters:
    ///   - lineCount: of these, the first give every variable a constant
    ///   - variableCount: how many there are
    ///   - addendCount: numbers from 0 on that are added
    ///   - nearPercent: how many lines of 100 go on from the line before
    ///   - random: where everything is drawn from
    init(
        lineCount: Int, variableCount: Int, addendCount: Int, nearPercent: Int, _ random: inout RandomSource
    ) {
        var values = [Int](repeating: 0, count: variableCount)
        var last = 0
        var order = Array(0..<variableCount)
        for i in order.indices.reversed() { order.swapAt(i, random.integer(0...i)) }
        for line in 0..<lineCount {
            let isFirst = line < order.count
            let target = isFirst ? order[line] : random.integer(0...variableCount - 1)
            let isNear = random.integer(0...99) < nearPercent
            let source = isFirst ? nil : isNear ? last : random.integer(0...variableCount - 1)
            let digit = random.integer(0...(isFirst ? 10 : addendCount) - 1)
            values[target] = ((source.map { values[$0] } ?? 0) + digit) % 10
            last = target
            let sign = source.map { Self.firstVariable + $0 } ?? Self.nothing
            tokens += [Self.firstVariable + target, digit, Self.plus, sign, values[target]].map(Int32.init)
        }
    }

    /// Where the tokens stand whose next is a value, from a line on.
    static func places(from line: Int, lineCount: Int) -> [Int] {
        (line..<lineCount).map { $0 * lineLength + lineLength - 2 }
    }

    /// How many tokens before a line's value the value stands that it is made of.
    func distance(ofLine line: Int) -> Int {
        let source = tokens[line * Self.lineLength + 3]
        let former = (0..<line).last { tokens[$0 * Self.lineLength] == source } ?? line
        return (line - former) * Self.lineLength
    }
}
