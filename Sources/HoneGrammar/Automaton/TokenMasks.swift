/// Which tokens may follow in each state of an automaton, a bit for each, found when first asked for.
///
/// The tokens of a place depend only on its node until its rule ends, so they are found once for all the places where
/// a rule is called; only tokens that reach past the rule's end are looked at again with what is around it (the
/// context-independent tokens of XGrammar, arXiv:2411.15100, section 3.1).
struct TokenMasks {
    /// What follows nodes with nothing around them.
    private struct Local {
        var mask: [UInt64]
        /// The most bytes from behind one of the tokens to the rule's end.
        var reach = 0
        /// The trie's nodes at which the rule had ended.
        var exits: [Int32] = []
    }

    private struct Known {
        var mask: [UInt64]
        /// At least the most bytes from behind one of the tokens to a whole text.
        var reach = 0
    }

    private struct Narrow: Hashable {
        let state: Int32
        let tokenCount: Int
    }

    private let trie: TokenTrie
    private(set) var automaton: Automaton
    /// Of the states whose masks have been asked for; of others nil, or none behind the last.
    private var masks: [Known?] = []
    /// Where the room for tokens comes to an end.
    private var narrowMasks: [Narrow: [UInt64]] = [:]
    private var locals: [Int32: Local] = [:]
    /// The states along the way from the trie's root; of the byte at depth d at d.
    private var path: [Int32]

    init(_ trie: TokenTrie, _ automaton: Automaton) {
        self.trie = trie
        self.automaton = automaton
        path = Array(repeating: Automaton.dead, count: trie.deepest + 1)
    }

    /// The state after a token, if all of its steps are known.
    func knownState(after state: Int32, _ token: Int32) -> Int32? {
        automaton.knownState(after: state, trie.bytesOfToken[Int(token)])
    }

    /// The mask of a state within so many tokens, if it is known.
    func knownMask(of state: Int32, within tokenCount: Int) -> [UInt64]? {
        guard Int(state) < masks.count, let known = masks[Int(state)] else { return nil }
        if known.reach < tokenCount { return known.mask }
        return narrowMasks[Narrow(state: state, tokenCount: tokenCount)]
    }

    mutating func state(after state: Int32, _ token: Int32) throws(FormatError) -> Int32 {
        var state = state
        for byte in trie.bytesOfToken[Int(token)] { state = try automaton.state(after: state, byte) }
        return state
    }

    /// Forgets what is known once it takes too much room.
    mutating func makeRoom() throws(FormatError) {
        guard automaton.isFull else { return }
        try automaton.reset()
        masks.removeAll()
        narrowMasks.removeAll()
        locals.removeAll()
    }

    /// The tokens with which a text that has room for so many can still become whole; where none can, those that come
    /// the closest. A byte is a token at least, so that a text needs no more tokens than bytes.
    mutating func mask(of state: Int32, within tokenCount: Int) throws(FormatError) -> [UInt64] {
        let known = try known(of: state)
        guard known.reach >= tokenCount else { return known.mask }
        let narrow = Narrow(state: state, tokenCount: tokenCount)
        if let mask = narrowMasks[narrow] { return mask }
        var mask = [UInt64](repeating: 0, count: trie.wordCount)
        var (least, closest): (Int, [Int32]) = (.max, [])
        path[0] = state
        try walk(0..<trie.nodeCount) { token, distance in
            if distance < tokenCount { mask.allow(token) }
            if distance < least { (least, closest) = (distance, []) }
            if distance == least { closest.append(token) }
        }
        if automaton.states[Int(state)].isEnd {
            for token in trie.endTokens { mask.allow(token) }
        } else if least >= tokenCount {
            for token in closest { mask.allow(token) }
        }
        narrowMasks[narrow] = mask
        automaton.count(bytes: mask.count * 8 + 64)
        return mask
    }

    private mutating func known(of state: Int32) throws(FormatError) -> Known {
        if Int(state) < masks.count, let known = masks[Int(state)] { return known }
        var known = Known(mask: [UInt64](repeating: 0, count: trie.wordCount))
        let places = automaton.states[Int(state)].places
        var rest = places[...]
        while let first = rest.first {
            let together = rest.prefix { $0.frame == first.frame }
            rest = rest.dropFirst(together.count)
            let local = try local(of: together.map(\.node))
            for word in known.mask.indices { known.mask[word] |= local.mask[word] }
            known.reach = max(known.reach, local.reach + automaton.frameDistances[Int(first.frame)])
            guard first.frame != Automaton.base, !local.exits.isEmpty else { continue }
            let outside = try automaton.state(afterRuleOf: first.frame)
            for exit in local.exits {
                path[Int(trie.depths[Int(exit)])] = outside
                try walk(Int(exit) + 1..<Int(trie.ends[Int(exit)])) { token, distance in
                    known.mask.allow(token)
                    known.reach = max(known.reach, distance)
                }
            }
        }
        if automaton.states[Int(state)].isEnd {
            for token in trie.endTokens { known.mask.allow(token) }
        }
        if masks.count <= Int(state) { masks += [Known?](repeating: nil, count: Int(state) + 1 - masks.count) }
        masks[Int(state)] = known
        automaton.count(bytes: known.mask.count * 8 + 72)
        return known
    }

    private mutating func local(of nodes: [Int32]) throws(FormatError) -> Local {
        let state = try automaton.state(ofNodes: nodes)
        if let local = locals[state] { return local }
        var local = Local(mask: [UInt64](repeating: 0, count: trie.wordCount))
        path[0] = state
        try walk(
            0..<trie.nodeCount, onExit: { local.exits.append(Int32($0)) },
            visit: { token, distance in
                local.mask.allow(token)
                local.reach = max(local.reach, distance)
            })
        locals[state] = local
        automaton.count(bytes: local.mask.count * 8 + local.exits.count * 4 + 64)
        return local
    }

    /// Visits the tokens among the trie's nodes that lead on from the state at the depth above them, each with the
    /// fewest bytes from behind it to the end.
    private mutating func walk(
        _ nodes: Range<Int>, onExit: (Int) -> Void = { _ in }, visit: (_ token: Int32, _ distance: Int) -> Void
    ) throws(FormatError) {
        var node = nodes.lowerBound
        while node < nodes.upperBound {
            let depth = Int(trie.depths[node])
            let state = try automaton.state(after: path[depth - 1], trie.bytes[node])
            if state == Automaton.dead {
                node = Int(trie.ends[node])
                continue
            }
            path[depth] = state
            let distance = automaton.distances[Int(state)]
            for index in Int(trie.firstTokens[node])..<Int(trie.firstTokens[node + 1]) {
                visit(trie.tokens[index], distance)
            }
            if automaton.states[Int(state)].isEnd { onExit(node) }
            node += 1
        }
    }
}

extension [UInt64] {
    /// Sets a token's bit.
    fileprivate mutating func allow(_ token: Int32) { self[Int(token >> 6)] |= 1 << UInt64(token & 63) }
}
