/// Which tokens may follow in each state of an automaton, a bit for each, found when first asked for.
///
/// The tokens of a place depend only on its node until its rule ends, so they are found once for all the places where
/// a rule is called; only tokens that reach past the rule's end are looked at again with what is around it (the
/// context-independent tokens of XGrammar, arXiv:2411.15100, section 3.1).
struct TokenMasks {
    /// What follows nodes with nothing around them.
    private struct Local {
        var mask: [UInt64]
        /// The trie's nodes at which the rule had ended.
        var exits: [Int32] = []
    }

    private let trie: TokenTrie
    private(set) var automaton: Automaton
    private var masks: [Int32: [UInt64]] = [:]
    private var locals: [Int32: Local] = [:]
    /// The states along the way from the trie's root; of the byte at depth d at d.
    private var path: [Int32]

    init(_ trie: TokenTrie, _ automaton: Automaton) {
        self.trie = trie
        self.automaton = automaton
        path = Array(repeating: Automaton.dead, count: trie.deepest + 1)
    }

    /// The state after a token, if all of its steps and the mask there are known.
    func known(after state: Int32, _ token: Int32) -> (state: Int32, mask: [UInt64])? {
        var state = state
        for byte in trie.bytesOfToken[Int(token)] {
            guard let next = automaton.knownState(after: state, byte) else { return nil }
            state = next
        }
        return masks[state].map { (state, $0) }
    }

    func knownMask(of state: Int32) -> [UInt64]? { masks[state] }

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
        locals.removeAll()
    }

    mutating func mask(of state: Int32) throws(FormatError) -> [UInt64] {
        if let mask = masks[state] { return mask }
        var mask = [UInt64](repeating: 0, count: trie.wordCount)
        let places = automaton.states[Int(state)].places
        var rest = places[...]
        while let first = rest.first {
            let together = rest.prefix { $0.frame == first.frame }
            rest = rest.dropFirst(together.count)
            let local = try local(of: together.map(\.node))
            for word in mask.indices { mask[word] |= local.mask[word] }
            guard first.frame != Automaton.base, !local.exits.isEmpty else { continue }
            let outside = try automaton.state(afterRuleOf: first.frame)
            for exit in local.exits {
                path[Int(trie.depths[Int(exit)])] = outside
                try walk(Int(exit) + 1..<Int(trie.ends[Int(exit)]), into: &mask)
            }
        }
        if automaton.states[Int(state)].isEnd {
            for token in trie.endTokens { mask[Int(token) / 64] |= 1 << UInt64(token % 64) }
        }
        masks[state] = mask
        automaton.count(bytes: mask.count * 8 + 64)
        return mask
    }

    private mutating func local(of nodes: [Int32]) throws(FormatError) -> Local {
        let state = try automaton.state(ofNodes: nodes)
        if let local = locals[state] { return local }
        var local = Local(mask: [UInt64](repeating: 0, count: trie.wordCount))
        path[0] = state
        try walk(0..<trie.nodeCount, into: &local.mask) { local.exits.append(Int32($0)) }
        locals[state] = local
        automaton.count(bytes: local.mask.count * 8 + local.exits.count * 4 + 64)
        return local
    }

    /// Marks the tokens among the trie's nodes that lead on from the state at the depth above them.
    private mutating func walk(
        _ nodes: Range<Int>, into mask: inout [UInt64], onExit: (Int) -> Void = { _ in }
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
            for index in Int(trie.firstTokens[node])..<Int(trie.firstTokens[node + 1]) {
                let token = trie.tokens[index]
                mask[Int(token >> 6)] |= 1 << UInt64(token & 63)
            }
            if automaton.states[Int(state)].isEnd { onExit(node) }
            node += 1
        }
    }
}
