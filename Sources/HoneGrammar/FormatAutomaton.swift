internal import Dispatch
internal import HoneTokenizer
internal import Synchronization

/// A format made ready for one vocabulary, shared by all answers that are held to it.
public final class FormatAutomaton: Sendable {
    private let trie: TokenTrie
    private let masks: Mutex<TokenMasks>
    /// On which masks are found, one after the other.
    let thread: DispatchQueue

    /// States and masks may take `byteLimit` before they are forgotten and found again.
    ///
    /// - Throws: `FormatError` where the format cannot be followed, and says why.
    public convenience init(
        _ format: AnswerFormat, trie: TokenTrie, byteLimit: Int = 24 << 20
    ) throws(FormatError) {
        try self.init(format, trie: trie, byteLimit: byteLimit, thread: DispatchQueue(label: "hone.masks"))
    }

    init(
        _ format: AnswerFormat, trie: TokenTrie, byteLimit: Int, thread: DispatchQueue
    ) throws(FormatError) {
        self.trie = trie
        self.thread = thread
        let machine = try Self.machine(format, stripsLeadingSpace: trie.stripsLeadingSpace)
        let known = Set(trie.bytesOfToken.lazy.filter { $0.count == 1 }.map { $0[0] })
        if let byte = machine.bytes.subtracting(known).min() { throw .byteWithoutToken(byte) }
        masks = Mutex(TokenMasks(trie, try Automaton(machine, byteLimit: byteLimit)))
    }

    private static func machine(
        _ format: AnswerFormat, stripsLeadingSpace: Bool
    ) throws(FormatError) -> Machine {
        let rules = try format.rules()
        let machine = try Machine(rules)
        guard stripsLeadingSpace else { return machine }
        // The space before the answer is not the answer's: one may be written, and must where the answer has its own.
        var automaton = try Automaton(machine, byteLimit: 1 << 20)
        let hasOwn = try automaton.state(after: automaton.start, UInt8(ascii: " ")) != Automaton.dead
        let space = Expression.text(" ")
        let whole = Expression.sequence([hasOwn ? space : .optional(space), .rule(0)])
        return try Machine(rules + [whole], root: rules.count)
    }

    /// Where an answer stands: a number that means nothing any more once states were forgotten.
    struct Position {
        fileprivate var state = Automaton.dead
        fileprivate var generation = 0
    }

    /// What may follow a position, and whether its text is a whole answer.
    struct Next {
        let mask: [UInt64]
        let isWhole: Bool
    }

    /// Where a token leads, none to where an answer begins, and what follows there within so many tokens, if that takes
    /// no work and nobody else is at it.
    func knownNext(after token: Int32?, at position: Position, within tokenCount: Int) -> (Position, Next)? {
        masks.withLockIfAvailable { masks in
            var state: Int32? = masks.automaton.start
            if let token {
                guard position.generation == masks.automaton.generation else { return nil }
                state = masks.knownState(after: position.state, token)
            }
            guard let state, let mask = masks.knownMask(of: state, within: tokenCount) else { return nil }
            return (
                Position(state: state, generation: masks.automaton.generation),
                Next(mask: mask, isWhole: masks.automaton.states[Int(state)].isEnd)
            )
        } ?? nil
    }

    /// Moves a position by the newest of an answer's tokens, and says what follows there within so many tokens; once
    /// states were forgotten, all of the tokens are gone through again.
    func next(
        after tokens: [Int32], movingTo position: inout Position, within tokenCount: Int
    ) throws(FormatError) -> Next {
        try masks.withLock { (masks) throws(FormatError) in
            try masks.makeRoom()
            if position.generation == masks.automaton.generation, let token = tokens.last {
                position.state = try masks.state(after: position.state, token)
            } else {
                position.generation = masks.automaton.generation
                position.state = masks.automaton.start
                for token in tokens { position.state = try masks.state(after: position.state, token) }
            }
            return Next(
                mask: try masks.mask(of: position.state, within: tokenCount),
                isWhole: masks.automaton.states[Int(position.state)].isEnd)
        }
    }

    var wordCount: Int { trie.wordCount }

    /// Whether a token is text, and so moves the position.
    func isText(_ token: Int32) -> Bool {
        trie.bytesOfToken.indices.contains(Int(token)) && !trie.bytesOfToken[Int(token)].isEmpty
    }
}
