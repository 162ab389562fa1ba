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
    private let weights: ServedWeights
    private let tokenizer: any Tokenizer
    private let limits: GenerationLimits
    private let endTokens: Set<Int32>
    private let requests: [GenerationRequest]

    /// What waits, the next one last.
    private var waiting: [Answer] = []
    /// What is being answered, in the order in which it was taken in.
    private var rows: [RowSequence] = []

    init(
        weights: ServedWeights, tokenizer: any Tokenizer, limits: GenerationLimits, endTokens: Set<Int32>,
        requests: [GenerationRequest]
    ) {
        self.weights = weights
        self.tokenizer = tokenizer
        self.limits = limits
        self.endTokens = endTokens
        self.requests = requests
        waiting = requests.indices.reversed().map { newAnswer($0) }
    }

    var isDone: Bool { waiting.isEmpty && rows.isEmpty }

    /// Lets go of the requests that are not wanted any more; of those that wait, as soon as it might come to them.
    mutating func drop(unless isWanted: (_ request: Int) -> Bool) {
        for index in rows.indices.reversed() where !isWanted(rows[index].answer.position) { remove(index) }
        for index in rows.indices { rows[index].followers.removeAll { !isWanted($0) } }
        if rows.count < limits.batchSize { waiting.removeAll { !isWanted($0.position) } }
    }

    /// One step.
    mutating func advance() -> StepProgress {
        if weights.takeNext() {
            // Rows go on with the keys and values that they have.
            for index in rows.indices { rows[index].stopSharing() }
        }
        admit()
        let (step, counts) = nextStep()
        let logits = inferenceMode { weights.model(step, pages: pool.pages) }
        for (index, count) in counts.enumerated() { rows[index].didCompute(count, in: pool) }
        let written = rows.indices.filter { rows[$0].pendingCount == 0 }
        return take(from: logits, of: written)
    }

    /// Gives all pages back.
    mutating func end() {
        for index in rows.indices.reversed() { remove(index) }
    }

    private var pool: PagePool { weights.pool }

    private func newAnswer(_ position: Int) -> Answer {
        Answer(to: requests[position], at: position, contextLength: weights.model.configuration.maxPositionCount)
    }
}

// What runs.
extension RowLoop {
    private mutating func admit() {
        var readCount = rows.lazy.filter { $0.pendingCount > 1 }.map(\.pendingCount).reduce(0, +)
        while let next = waiting.last, rows.count < limits.batchSize {
            let prompt = requests[next.position].prompt
            if next.tokens.isEmpty, let leader = rows.firstIndex(where: { $0.isFirst(toRead: prompt) }) {
                rows[leader].followers.append(next.position)
                waiting.removeLast()
                continue
            }
            guard readCount < limits.prefillTokenCount else { return }
            var row = RowSequence(next, prompt: prompt)
            let salt = PrefixSalt(tenant: requests[next.position].tenant, weightVersion: weights.version)
            guard row.begin(in: pool, root: pool.root(salt), sharesPrefixes: limits.sharesPrefixes) else { return }
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
        while counts.count < rows.count {
            let index = counts.count
            let pending = rows[index].pendingCount
            let count = pending == 1 ? 1 : min(pending, promptTokensLeft)
            guard rows[index].makeRoom(for: count, in: pool) else {
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

    private mutating func putBack(_ index: Int) {
        let answer = rows[index].answer
        remove(index)
        waiting.append(answer)
    }

    /// Its followers wait for a place of their own again.
    private mutating func remove(_ index: Int) {
        rows[index].leave(pool)
        let followers = rows.remove(at: index).followers
        waiting += followers.reversed().map { newAnswer($0) }
    }
}

// What comes of a step.
extension RowLoop {
    /// Picks a token for each of these rows, whose logits are in their order, and for those that follow them.
    private mutating func take(from logits: Tensor, of written: [Int]) -> StepProgress {
        var (sources, targets) = (Array(written.indices), written)
        for (source, index) in written.enumerated() {
            for (place, position) in rows[index].followers.enumerated() {
                guard rows.count < limits.batchSize else {
                    waiting += rows[index].followers[place...].reversed().map { newAnswer($0) }
                    break
                }
                rows.append(rows[index].fork(for: newAnswer(position), in: pool))
                sources.append(source)
                targets.append(rows.count - 1)
            }
            rows[index].followers = []
        }
        let read = sources.count == written.count ? logits : logits.indexSelect(0, Tensor(sources))
        let picks = targets.isEmpty ? [] : read.pickTokens(targets.map { rows[$0].answer.draw })
        var progress = StepProgress(tokenCount: picks.count)
        var finished: [Int] = []
        for (index, pick) in zip(targets, picks) {
            let reason = rows[index].answer.take(
                pick, weightVersion: weights.version, endTokens: endTokens, tokenizer)
            rows[index].takeNewest()
            guard let reason else { continue }
            let answer = rows[index].answer
            progress.finished.append(
                (answer.position, answer.finished(reason, endTokens: endTokens, tokenizer)))
            finished.append(index)
        }
        for index in finished.sorted(by: >) { remove(index) }
        return progress
    }
}
