import HoneModel
import HoneTensor

/// Continues prompts together in rounds: every row drafts the same number of tokens, and keeps those up to the first
/// that the whole network would have picked otherwise, with what it picks there.
struct DraftedLoop {
    private let generator: DraftedGenerator
    private let questions: Questions
    private let draft: Int
    private let device: Device
    /// Positions of the requests that wait, the next one last.
    private var waiting: [Int]
    private let cache: KVCache
    private let drafting: SelfDrafting
    /// In the order of the cache's rows.
    private var rows: [DraftedRow] = []

    init(_ generator: DraftedGenerator, questions: Questions, group: RequestGroup, draft: Int) {
        self.generator = generator
        self.questions = questions
        self.draft = draft
        device = generator.model.parameters.first?.device ?? .cpu
        waiting = group.members.reversed()
        cache = KVCache(
            generator.model.configuration, rowCapacity: group.rowCount, tokenCapacity: group.tokenCount + draft,
            device: device)
        drafting = SelfDrafting(generator.model, generator.exit, cache: cache)
    }

    var isDone: Bool { waiting.isEmpty && rows.isEmpty }

    private var hasRoom: Bool {
        !waiting.isEmpty && (rows.isEmpty || (cache.rowCapacity - rows.count) * 4 >= cache.rowCapacity)
    }

    /// Lets go of the requests that are not wanted any more; of those that wait, as soon as it might come to them.
    mutating func drop(unless isWanted: (_ request: Int) -> Bool) {
        inferenceMode { remove(rows.indices.filter { !isWanted(rows[$0].answer.position) }) }
        if hasRoom { waiting.removeAll { !isWanted($0) } }
    }

    /// Takes in waiting prompts where there is room for them, else does a round.
    ///
    /// - Returns: the answers that are complete, with the positions of their requests.
    mutating func advance() -> [(request: Int, result: RoutedResult)] {
        inferenceMode {
            if hasRoom { return admit() }
            return round()
        }
    }

    private mutating func admit() -> [(request: Int, result: RoutedResult)] {
        let firstRow = rows.count
        var tokenCount = 0
        while let next = waiting.last, rows.count < cache.rowCapacity {
            tokenCount += questions.requests[next].prompt.count
            if rows.count > firstRow, tokenCount > generator.limits.prefillTokenCount { break }
            rows.append(DraftedRow(next, of: questions, generator))
            waiting.removeLast()
        }
        let prompts = rows[firstRow...].map { questions.requests[$0.answer.position].prompt }
        let logits_BV = generator.model.prefill(TokenLine(prompts, device: device), cache: cache)
        let picks = logits_BV.to(device: .cpu).pickTokens(rows[firstRow...].map(\.answer.draw))
        for (row, pick) in zip(firstRow..., picks) { rows[row].append(pick) }
        return finish()
    }

    private mutating func round() -> [(request: Int, result: RoutedResult)] {
        for row in rows.indices { rows[row].beginDraft() }
        // What is drawn at a place hangs on the tokens before it, which are the drafts wherever the place counts.
        var draws = [[TokenDraw]](repeating: [], count: rows.count)
        for _ in 0..<draft {
            let logits_BV = drafting.draft(Tensor(rows.map { Int($0.newest) }, device: device))
            let own = rows.map(\.answer.draw)
            for (row, pick) in logits_BV.to(device: .cpu).pickTokens(own).enumerated() {
                rows[row].append(pick)
                draws[row].append(own[row])
            }
        }
        let drafts = rows.indices.map { rows[$0].takeBack() }
        let picks = drafting.verify().to(device: .cpu).pickTokens(draws.flatMap(\.self))
        var kept: [Int] = []
        for row in rows.indices {
            kept.append(rows[row].settle(drafts[row], against: picks[row * draft..<(row + 1) * draft]))
            rows[row].computed += draft * generator.model.configuration.layerCount
        }
        drafting.keep(kept)
        return finish()
    }

    private mutating func finish() -> [(request: Int, result: RoutedResult)] {
        let done = rows.indices.filter { rows[$0].reason != nil }
        let answers = done.map { (request: rows[$0].answer.position, result: rows[$0].result) }
        remove(done)
        return answers
    }

    /// Lets rows go, the last one first: the row that then takes its place is one that stays.
    private mutating func remove(_ leaving: [Int]) {
        for row in leaving.reversed() {
            cache.remove(row: row)
            rows.swapAt(row, rows.count - 1)
            rows.removeLast()
        }
    }
}
