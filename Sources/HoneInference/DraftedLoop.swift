import HoneModel
import HoneTensor

/// Continues prompts together in rounds: every row drafts the same number of tokens, and keeps those up to the first
/// that the whole network would have picked otherwise, with what it picks there.
struct DraftedLoop {
    private let generator: DraftedGenerator
    private let requests: [GenerationRequest]
    private let draft: Int
    private let device: Device
    /// Positions of the requests that wait, the next one last.
    private var waiting: [Int]
    private let cache: KVCache
    private let drafting: SelfDrafting
    /// In the order of the cache's rows.
    private var rows: [DraftedRow] = []

    init(_ generator: DraftedGenerator, requests: [GenerationRequest], group: RequestGroup, draft: Int) {
        self.generator = generator
        self.requests = requests
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
        inferenceMode { remove(rows.indices.filter { !isWanted(rows[$0].position) }) }
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
            tokenCount += requests[next].prompt.count
            if rows.count > firstRow, tokenCount > generator.limits.prefillTokenCount { break }
            rows.append(DraftedRow(next, of: requests[next], generator))
            waiting.removeLast()
        }
        let prompts = rows[firstRow...].map(\.request.prompt)
        let logits_BV = generator.model.prefill(TokenLine(prompts, device: device), cache: cache)
        let picks = pick(logits_BV, rows[firstRow...].map { (sampling: $0.request.sampling, ordinal: 0) })
        for (row, picked) in zip(firstRow..., picks) { rows[row].append(picked) }
        return finish()
    }

    private mutating func round() -> [(request: Int, result: RoutedResult)] {
        for row in rows.indices { rows[row].beginDraft() }
        for place in 0..<draft {
            let logits_BV = drafting.draft(Tensor(rows.map { Int($0.newest) }, device: device))
            let picks = pick(logits_BV, rows.map { (sampling: $0.request.sampling, ordinal: $0.keptCount + place) })
            for (row, picked) in picks.enumerated() { rows[row].append(picked) }
        }
        let drafts = rows.indices.map { rows[$0].takeBack() }
        let wanted = rows.flatMap { row in
            (0..<draft).map { (sampling: row.request.sampling, ordinal: row.keptCount + $0) }
        }
        let picks = pick(drafting.verify(), wanted)
        var kept: [Int] = []
        for row in rows.indices {
            let count = rows[row].settle(drafts[row], against: picks[row * draft..<(row + 1) * draft])
            rows[row].computed += draft * generator.model.configuration.layerCount
            kept.append(count)
        }
        drafting.keep(kept)
        return finish()
    }

    /// Picked tokens and their log-probabilities on the host, in one transfer.
    private func pick(
        _ logits_NV: Tensor, _ wanted: [(sampling: SamplingParameters, ordinal: Int)]
    ) -> [DraftedRow.Pick] {
        let sampler = Sampler(wanted.map(\.sampling), device: device)
        let picked = sampler.pick(logits_NV, ordinals: wanted.map(\.ordinal))
        let pairs = Tensor.stack([picked.tokens_B.to(.float64), picked.logProbs_B.to(.float64)]).toArray(Double.self)
        return wanted.indices.map { (token: Int32(pairs[$0]), logProb: Float(pairs[wanted.count + $0])) }
    }

    private mutating func finish() -> [(request: Int, result: RoutedResult)] {
        let done = rows.indices.filter { rows[$0].reason != nil }
        let answers = done.map { (request: rows[$0].position, result: rows[$0].result) }
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
