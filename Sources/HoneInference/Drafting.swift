import HoneTensor

/// Guesses a row's next tokens, and how many are worth guessing.
///
/// What the row itself will write for certain comes first: the calculator's digits. Else it is what followed the newest
/// tokens where they stood before. A guess costs a row of the step and never changes an answer.
struct Drafting {
    private var lookup = PromptLookup([])
    /// Tokens of the next guess: more after one that came true, fewer after one that did not.
    private var length = Self.first
    /// Steps to wait before the next guess, and as many more after a guess that failed again.
    private var pause = 0
    private var nextPause = 1

    private static let first = 4
    private static let longest = 16
    private static let longestPause = 16

    mutating func draft(_ count: Int, after tokens: [Int32], _ answer: Answer) -> ArraySlice<Int32> {
        guard count > 0 else { return [] }
        if !answer.certain.isEmpty { return answer.certain.prefix(count) }
        if pause > 0 {
            pause -= 1
            return []
        }
        for token in tokens[lookup.tokens.count...] { lookup.append(token) }
        return lookup.draft(min(count, length))
    }

    mutating func learn(acceptedCount: Int, of count: Int) {
        if acceptedCount == count {
            length = min(2 * length, Self.longest)
        } else {
            length = max(Self.first, acceptedCount)
        }
        if acceptedCount > 0 {
            nextPause = 1
        } else {
            pause = nextPause
            nextPause = min(2 * nextPause, Self.longestPause)
        }
    }
}
