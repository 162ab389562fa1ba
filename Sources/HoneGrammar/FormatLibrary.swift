internal import Dispatch
public import HoneTokenizer
internal import Synchronization

/// The formats of one vocabulary that answers were lately held to; requests of the same format share its automaton.
public final class FormatLibrary: Sendable {
    private struct State {
        var trie: TokenTrie?
        /// The newest last.
        var automata: [(format: AnswerFormat, automaton: FormatAutomaton)] = []
    }

    private let tokenizer: any Tokenizer
    private let vocabularySize: Int
    private let endTokens: Set<Int32>
    private let state = Mutex(State())
    private let thread = DispatchQueue(label: "hone.masks")

    /// More are forgotten, the longest unused first.
    private static let capacity = 16
    /// What the states and masks of one may take.
    private static let byteLimit = 24 << 20

    /// The model has `vocabularySize` tokens, which may be more than the tokenizer's; an answer is complete after one
    /// of `endTokens`.
    public init(_ tokenizer: any Tokenizer, vocabularySize: Int, endTokens: Set<Int32>) {
        self.tokenizer = tokenizer
        self.vocabularySize = vocabularySize
        self.endTokens = endTokens
    }

    /// - Throws: `FormatError` where the format cannot be followed.
    public func automaton(for format: AnswerFormat) throws(FormatError) -> FormatAutomaton {
        try state.withLock { (state) throws(FormatError) in
            if let index = state.automata.firstIndex(where: { $0.format == format }) {
                let known = state.automata.remove(at: index)
                state.automata.append(known)
                return known.automaton
            }
            let trie = state.trie ?? TokenTrie(tokenizer, vocabularySize: vocabularySize, endTokens: endTokens)
            state.trie = trie
            let automaton = try FormatAutomaton(
                format, trie: trie, byteLimit: Self.byteLimit, thread: thread)
            state.automata.append((format, automaton))
            if state.automata.count > Self.capacity { state.automata.removeFirst() }
            return automaton
        }
    }
}
