import HoneTensor

/// A sequence that the row engine computes: a prompt and its answer so far, with the pages of their keys and values.
struct RowSequence {
    var answer: Answer
    private(set) var tokens: [Int32]
    private let promptCount: Int
    /// Tokens whose keys and values are in the pages.
    private(set) var computedCount = 0
    private(set) var pages: [Int32] = []
    /// Requests for the same prompt that wait for it to be read.
    var followers: [Int] = []
    /// The prefix of all pages that are registered; nil once other weights than those of the first ones compute.
    private var prefix: UInt64?
    private var registeredCount = 0
    /// What may come next, read in the same step as the newest token.
    private(set) var drafts: ArraySlice<Int32> = []
    private var drafting = Drafting()
    /// Which layers read it.
    private(set) var depth: NetworkDepth
    /// Tokens that the exit's layer and those behind it have read, where only some are asked.
    private var exitCount = 0
    private(set) var finishedCount = 0

    init(_ answer: Answer, prompt: [Int32], depth: NetworkDepth = .whole) {
        self.answer = answer
        self.depth = depth
        tokens = prompt + answer.tokens
        promptCount = prompt.count
    }

    /// Tokens that are to be computed before the next one can be picked.
    var pendingCount: Int { tokens.count - computedCount }

    /// Whether it is about to read this prompt, and has no answer yet that it goes on with.
    func isFirst(toRead prompt: [Int32]) -> Bool {
        computedCount < promptCount && answer.tokens.isEmpty && tokens == prompt
    }
}

// Pages.
extension RowSequence {
    /// Takes over what is known of its beginning and pages for the rest and one token more.
    ///
    /// - Returns: false, with nothing taken, where there are too few pages
    mutating func begin(in pool: PagePool, root: UInt64, sharesPrefixes: Bool) -> Bool {
        prefix = root
        let size = KeyValuePages.tokenCount
        // The last token is always computed, since its logits are wanted.
        while sharesPrefixes, (registeredCount + 1) * size < tokens.count,
            let found = pool.find(key(ofPage: registeredCount, behind: prefix ?? root))
        {
            pages.append(found.page)
            prefix = found.id
            registeredCount += 1
        }
        computedCount = registeredCount * size
        (exitCount, finishedCount) = (computedCount, computedCount)
        if !sharesPrefixes { prefix = nil }
        let wanted = KeyValuePages.count(forTokens: tokens.count + 1)
        guard wanted - pages.count <= pool.availableCount else {
            leave(pool)
            return false
        }
        while pages.count < wanted, let page = pool.take() { pages.append(page) }
        return true
    }

    /// Makes sure that the next `count` tokens have pages that no other sequence reads.
    mutating func makeRoom(for count: Int, in pool: PagePool) -> Bool {
        let first = computedCount / KeyValuePages.tokenCount
        for number in first..<max(first, KeyValuePages.count(forTokens: computedCount + count)) {
            guard let page = number < pages.count ? pool.writable(pages[number]) : pool.take() else { return false }
            if number < pages.count { pages[number] = page } else { pages.append(page) }
        }
        return true
    }

    /// Gives all pages back, the last first, so that beginnings are kept the longest.
    mutating func leave(_ pool: PagePool) {
        for page in pages.reversed() { pool.release(page) }
        pages = []
        computedCount = 0
        (exitCount, finishedCount) = (0, 0)
        registeredCount = 0
    }

    /// The same prompt for another answer: it shares all pages until one of the two writes.
    func fork(for other: Answer, in pool: PagePool) -> RowSequence {
        var made = self
        made.answer = other
        made.tokens = Array(tokens[..<promptCount])
        made.followers = []
        made.drafting = Drafting()
        for page in pages { pool.retain(page) }
        return made
    }

    /// From now on other weights compute: what they write is no continuation that others may share.
    mutating func stopSharing() { prefix = nil }
}

// Computing.
extension RowSequence {
    /// Puts the next `count` tokens into a step; the logits behind the last are wanted where it is the newest, and then
    /// also those behind drafts.
    func add(_ count: Int, to step: inout NetworkStep) {
        step.add(
            tokens[computedCount..<computedCount + count] + drafts, past: computedCount, pages: pages,
            isRead: count == pendingCount, draftCount: drafts.count)
    }

    /// Drafts up to so many tokens behind the newest, which is about to be read, as far as there are pages for them.
    mutating func draft(_ count: Int, in pool: PagePool) {
        drafts = drafting.draft(min(count, answer.room - 1), after: tokens, answer)
        if !drafts.isEmpty, !makeRoom(for: 1 + drafts.count, in: pool) { drafts = [] }
    }

    /// The step is done: so many of the drafts turned out right. Pages that only the others needed are given back.
    mutating func settle(acceptedCount: Int, in pool: PagePool) {
        guard !drafts.isEmpty else { return }
        drafting.learn(acceptedCount: acceptedCount, of: drafts.count)
        drafts = []
        didCompute(acceptedCount, in: pool)
        didFinish(computedCount)
        let wanted = KeyValuePages.count(forTokens: computedCount + 1)
        while pages.count > wanted { pool.release(pages.removeLast()) }
    }

    /// `count` tokens were computed; pages that are full now can be found by others.
    mutating func didCompute(_ count: Int, in pool: PagePool) {
        computedCount += count
        while let parent = prefix, (registeredCount + 1) * KeyValuePages.tokenCount <= computedCount {
            prefix = pool.register(pages[registeredCount], as: key(ofPage: registeredCount, behind: parent))
            registeredCount += 1
        }
    }

    /// The answer has a new token.
    mutating func takeNewest() {
        if let newest = answer.tokens.last { tokens.append(newest) }
    }

    private func key(ofPage number: Int, behind parent: UInt64) -> PagePool.PrefixKey {
        let size = KeyValuePages.tokenCount
        return PagePool.PrefixKey(parent: parent, tokens: Array(tokens[number * size..<(number + 1) * size]))
    }
}

// Depth: what the layers that all paths have in common made of every token is in its page, so that the others can read
// it in any later step.
extension RowSequence {
    /// Tokens that have been begun, and that the layers behind are to read.
    var unfinishedCount: Int {
        switch depth {
        case .undecided: 0
        case .shallow: computedCount - exitCount
        case .whole: computedCount - finishedCount
        }
    }

    /// The layers of its depth have read so many tokens.
    private mutating func didFinish(_ count: Int) {
        // The exit's layer is among all layers.
        exitCount = count
        if depth == .whole { finishedCount = count }
    }

    /// It is known now how deep the prompt is read, and which request's answer it goes on with. What stands in its
    /// pages follows `root` from now on, unless it is nil.
    mutating func decide(_ depth: NetworkDepth, for answer: Answer, followers: [Int], root: UInt64?) {
        self.depth = depth
        self.answer = answer
        self.followers = followers
        prefix = root
    }

    /// All layers read it from now on, from its beginning.
    mutating func deepen() {
        depth = .whole
        prefix = nil
    }

    /// Only the first layers read it from now on.
    mutating func rise() { depth = .shallow }

    /// Puts all begun tokens into what is looked at of a prompt.
    func addComputed(to step: inout NetworkStep) {
        step.add(tokens[..<computedCount], past: 0, pages: pages, isRead: false)
    }

    /// Puts up to `limit` unfinished tokens, but for the newest, into a step of the layers behind.
    mutating func addUnfinished(upTo limit: Int, to step: inout NetworkStep) {
        let count = min(unfinishedCount - 1, limit)
        guard count > 0 else { return }
        let past = computedCount - unfinishedCount
        step.add(tokens[past..<past + count], past: past, pages: pages, isRead: false)
        didFinish(past + count)
    }

    /// Puts all unfinished tokens and the drafts into a step of the layers behind; the logits are wanted where there is
    /// nothing left to compute.
    mutating func addUnfinished(to step: inout NetworkStep) {
        guard unfinishedCount > 0 else { return }
        let past = computedCount - unfinishedCount
        step.add(
            tokens[past..<computedCount] + drafts, past: past, pages: pages, isRead: pendingCount == 0,
            draftCount: drafts.count)
        didFinish(computedCount)
    }
}
