/// A regular expression as tokenizers use them to part text into words: leftmost match, alternatives in their order,
/// greedy repetition with backtracking, over Unicode scalars.
///
/// Only single characters repeat; so a match is found in time bounded by the pattern's length times the square of the
/// text's, whoever wrote the two, and in practice in one pass.
struct Pattern: Hashable, Sendable {
    /// One step of the program, and the step that follows.
    enum Step: Hashable, Sendable {
        /// `minimum` to `maximum` scalars of the set, as many as possible.
        case run(ScalarSet, minimum: Int, maximum: Int, isPossessive: Bool, next: Int)
        /// The first of the steps from which the rest matches.
        case branch([Int])
        /// Whether what follows matches the program from `start`, without taking it.
        case look(start: Int, isNegative: Bool, next: Int)
        case match
    }

    let steps: [Step]
    let start: Int

    /// Cuts a text into what matches and what lies between, in order; together they are the text.
    func pieces(of scalars: [UInt32], in range: Range<Int>) -> [(range: Range<Int>, isMatch: Bool)] {
        var pieces: [(range: Range<Int>, isMatch: Bool)] = []
        var matcher = Matcher(steps: steps, scalars: scalars, limit: range.upperBound)
        var (gapStart, position) = (range.lowerBound, range.lowerBound)
        while position < range.upperBound {
            guard let end = matcher.end(from: start, at: position), end > position else {
                position += 1
                continue
            }
            if gapStart < position { pieces.append((gapStart..<position, false)) }
            pieces.append((position..<end, true))
            (gapStart, position) = (end, end)
        }
        if gapStart < range.upperBound { pieces.append((gapStart..<range.upperBound, false)) }
        return pieces
    }
}

/// Runs a pattern's program over a text.
private struct Matcher {
    let steps: [Pattern.Step]
    let scalars: [UInt32]
    let limit: Int
    /// Steps tried so far; past the bound, failures are remembered so that none is found twice.
    private var triedCount = 0
    private var failures: Set<Failure> = []

    private struct Failure: Hashable {
        let step: Int
        let position: Int
    }

    init(steps: [Pattern.Step], scalars: [UInt32], limit: Int) {
        self.steps = steps
        self.scalars = scalars
        self.limit = limit
    }

    /// Where the match from `step` at `position` ends.
    mutating func end(from step: Int, at position: Int) -> Int? {
        triedCount += 1
        let isRemembering = triedCount > 64 * limit + 4096
        if isRemembering, failures.contains(Failure(step: step, position: position)) { return nil }
        let found = run(step, at: position)
        if isRemembering, found == nil { failures.insert(Failure(step: step, position: position)) }
        return found
    }

    private mutating func run(_ step: Int, at position: Int) -> Int? {
        switch steps[step] {
        case .match:
            return position
        case .branch(let starts):
            for start in starts {
                if let end = end(from: start, at: position) { return end }
            }
            return nil
        case .look(let start, let isNegative, let next):
            guard (end(from: start, at: position) == nil) == isNegative else { return nil }
            return end(from: next, at: position)
        case .run(let set, let minimum, let maximum, let isPossessive, let next):
            var count = 0
            while count < maximum, position + count < limit, set.contains(scalars[position + count]) { count += 1 }
            while count >= minimum {
                if let end = end(from: next, at: position + count) { return end }
                if isPossessive { return nil }
                count -= 1
            }
            return nil
        }
    }
}
