import HoneModel
import HoneTensor
import HoneTokenizer

/// Continues prompts together by the row engine: every step decodes all rows and reads a piece of waiting prompts
/// beside them (continuous batching, Yu et al. 2022, OSDI; prompts in pieces, Agrawal et al. 2023, arXiv:2308.16369).
///
/// A place that becomes free is taken at the next step. Requests with the same prompt read it once and share its pages
/// until they write. Where pages run out, the youngest row gives its own back and is read again later; since a row has
/// the same bits however it is cut into steps, that costs time alone.
struct RowLoop: SteppedLoop {
    let weights: ServedWeights
    private let tokenizer: any Tokenizer
    let limits: GenerationLimits
    private let endTokens: Set<Int32>
    private(set) var questions = NumberedQuestions()
    /// Where requests are spread over the paths of a model.
    var routing: RowRouting?

    /// What waits, the next one last.
    private var waiting: [Answer] = []
    /// What is being answered, in the order in which it was taken in.
    var rows: [RowSequence] = []

    init(weights: ServedWeights, tokenizer: any Tokenizer, limits: GenerationLimits, endTokens: Set<Int32>) {
        self.weights = weights
        self.tokenizer = tokenizer
        self.limits = limits
        self.endTokens = endTokens
    }

    /// Takes in a call's requests, behind those that wait already.
    ///
    /// - Returns: their numbers, in their order, which are their positions where there was no call before
    mutating func add(_ asked: Questions) -> Range<Int> {
        let numbers = announce(asked)
        waiting = asked.order.reversed().map { questions.answer(numbers.lowerBound + $0) } + waiting
        return numbers
    }

    /// Gives requests numbers that are taken in only where others turn into them.
    mutating func announce(_ asked: Questions) -> Range<Int> { questions.add(asked) }

    /// Lets go of a call's requests, and of what is known of them.
    mutating func remove(_ numbers: Range<Int>) {
        drop { !numbers.contains($0) }
        waiting.removeAll { numbers.contains($0.position) }
        questions.remove(numbers)
    }

    var isDone: Bool { waiting.isEmpty && rows.isEmpty }

    /// Lets go of the requests that are not wanted any more; of those that wait, as soon as it might come to them.
    @discardableResult
    mutating func drop(unless isWanted: (_ request: Int) -> Bool) -> [Int] {
        var dropped: [Int] = []
        for index in rows.indices.reversed() where !isWanted(rows[index].answer.position) {
            dropped.append(rows[index].answer.position)
            remove(index)
        }
        for index in rows.indices where !rows[index].followers.isEmpty {
            dropped += rows[index].followers.extract { !isWanted($0) }
        }
        guard rows.count < limits.batchSize else { return dropped }
        return dropped + waiting.extract { !isWanted($0.position) }.map(\.position)
    }

    /// One step.
    mutating func advance() -> StepProgress {
        if weights.takeNext() {
            // Rows go on with the keys and values that they have.
            for index in rows.indices { rows[index].stopSharing() }
        }
        admit()
        let (step, counts) = nextStep()
        let taken = inferenceMode { routing == nil ? take(step, counts) : takeRouted(step, counts) }
        for index in taken.ended.sorted(by: >) { remove(index) }
        return taken.progress
    }

    /// Gives all pages back.
    mutating func end() {
        for index in rows.indices.reversed() { remove(index) }
    }

    var pool: PagePool { weights.pool }

    /// Of what may be shared with a request's prompt.
    func root(of number: Int, _ depth: NetworkDepth) -> UInt64 {
        pool.root(PrefixSalt(tenant: questions[number].tenant, weightVersion: weights.version, depth: depth))
    }
}

// What runs.
extension RowLoop {
    private mutating func admit() {
        var readCount = 0
        for index in rows.indices where rows[index].pendingCount > 1 { readCount += rows[index].pendingCount }
        while let next = waiting.last, rows.count < limits.batchSize {
            let (prompt, tenant) = (questions[next.position].prompt, questions[next.position].tenant)
            let depth = routing?.depth(of: next.position, tokenCount: next.tokens.count) ?? .whole
            let leader = rows.firstIndex {
                $0.depth == depth && $0.isFirst(toRead: prompt) && questions[$0.answer.position].tenant == tenant
            }
            if next.tokens.isEmpty, let leader {
                rows[leader].followers.append(next.position)
                waiting.removeLast()
                continue
            }
            guard readCount < limits.prefillTokenCount else { return }
            var row = RowSequence(next, prompt: prompt, depth: depth)
            // A router reads all of a prompt, and what the first layers made of it is kept for the others.
            let isHalfRead = depth == .undecided || (depth == .shallow && routing?.mayDeepen == true)
            let sharesPrefixes = limits.sharesPrefixes && !isHalfRead
            guard row.begin(in: pool, root: root(of: next.position, depth), sharesPrefixes: sharesPrefixes)
            else { return }
            readCount += row.pendingCount
            rows.append(row)
            waiting.removeLast()
        }
    }

    /// The tokens of one step, and how many of them are each row's; rows that do not fit any more are put back.
    private mutating func nextStep() -> (NetworkStep, [Int]) {
        var step = NetworkStep()
        var counts: [Int] = []
        var promptTokensLeft = limits.prefillTokenCount
        draft()
        while counts.count < rows.count {
            let index = counts.count
            let pending = rows[index].pendingCount
            let count = pending == 1 ? 1 : min(pending, promptTokensLeft)
            guard rows[index].makeRoom(for: count + rows[index].drafts.count, in: pool) else {
                putBack(rows.count - 1)
                continue
            }
            if pending > 1 { promptTokensLeft -= count }
            if count > 0 { rows[index].add(count, to: &step) }
            counts.append(count)
        }
        precondition(step.tokenCount > 0, "a step of nothing: one request is larger than the cache")
        return (step, counts)
    }

    /// Drafts where there are few rows: a step then waits for the weights to come from memory, and takes rows more for
    /// little.
    private mutating func draft() {
        let free = limits.draftedRowCount - rows.count
        guard free > 0, rows.allSatisfy({ $0.pendingCount == 1 && $0.depth != .undecided }) else { return }
        for index in rows.indices { rows[index].draft(free / rows.count, in: pool) }
    }

    private mutating func putBack(_ index: Int) {
        let answer = rows[index].answer
        remove(index)
        waiting.append(answer)
    }

    /// Its followers wait for a place of their own again.
    private mutating func remove(_ index: Int) {
        rows[index].leave(pool)
        let followers = rows.remove(at: index).followers
        waiting += followers.reversed().map { questions.answer($0) }
    }
}

/// What rows got in one step.
struct TakenTokens {
    var progress = StepProgress()
    /// Rows whose answers have ended.
    var ended: Set<Int> = []
}

// What comes of a step.
extension RowLoop {
    private mutating func take(_ step: NetworkStep, _ counts: [Int]) -> TakenTokens {
        var taken = TakenTokens()
        let logits = weights.model.step(step, pages: pool.pages)
        didCompute(counts)
        take(.whole, from: logits, &taken)
        return taken
    }

    mutating func didCompute(_ counts: [Int]) {
        for (index, count) in counts.enumerated() { rows[index].didCompute(count, in: pool) }
    }

    /// A token that is to be picked: whose it is, from which logits, and the drafts that stand behind it in the step.
    private struct Pick {
        let index: Int
        let logits: Int
        var drafts: ArraySlice<Int32> = []
    }

    /// Picks a token for each row of this depth that was read to its end, and for those that follow it. Where the token
    /// is the row's draft, the next one is picked behind it at once: from the logits that it has wherever it was picked
    /// before. Rows whose pick is not to be trusted get none, and are read by all layers from now on.
    mutating func take(_ depth: NetworkDepth, from logits: StepLogits, _ taken: inout TakenTokens) {
        var picks = firstPicks(of: depth)
        var acceptedCounts: [Int: Int] = [:]
        var unsure: [Int] = []
        let read = picks.map(\.index)
        while !picks.isEmpty {
            let found = logits.pickTokens(of: picks.map(\.logits), picks.map { rows[$0.index].answer.draw })
            var next: [Pick] = []
            for (pick, found) in zip(picks, found) {
                if depth == .shallow, routing?.isUnsure(found, of: rows[pick.index].answer) == true {
                    unsure.append(pick.index)
                    continue
                }
                taken.progress.writers.append(rows[pick.index].answer.position)
                let reason = rows[pick.index].answer.take(
                    found, weightVersion: weights.version, endTokens: endTokens, tokenizer)
                rows[pick.index].takeNewest()
                if let reason {
                    let answer = rows[pick.index].answer
                    taken.progress.finished.append(
                        (answer.position, answer.finished(reason, endTokens: endTokens, tokenizer)))
                    taken.ended.insert(pick.index)
                } else if let draft = pick.drafts.first, draft == rows[pick.index].tokens.last {
                    acceptedCounts[pick.index, default: 0] += 1
                    next.append(Pick(index: pick.index, logits: pick.logits + 1, drafts: pick.drafts.dropFirst()))
                }
            }
            picks = next
        }
        for index in read { rows[index].settle(acceptedCount: acceptedCounts[index] ?? 0, in: pool) }
        for index in unsure {
            rows[index].deepen()
            routing?.deepen(rows[index].answer.position, tokenCount: rows[index].answer.tokens.count)
        }
    }

    private mutating func firstPicks(of depth: NetworkDepth) -> [Pick] {
        var picks: [Pick] = []
        var followers: [Pick] = []
        var place = 0
        for index in rows.indices where rows[index].depth == depth && rows[index].pendingCount == 0 {
            picks.append(Pick(index: index, logits: place, drafts: rows[index].drafts))
            for (number, position) in rows[index].followers.enumerated() {
                guard rows.count < limits.batchSize else {
                    waiting += rows[index].followers[number...].reversed().map { questions.answer($0) }
                    break
                }
                rows.append(rows[index].fork(for: questions.answer(position), in: pool))
                followers.append(Pick(index: rows.count - 1, logits: place))
            }
            rows[index].followers = []
            place += 1 + rows[index].drafts.count
        }
        return picks + followers
    }
}
