import HoneModel
import HoneProblems
import HoneTensor
import HoneTokenizer

/// Continues prompts together, as many at a time as its cache has rows.
///
/// Prompts are taken in by rising length, so that those decoded together have about one length. A row that finishes
/// leaves at once; waiting prompts take the free places as soon as a quarter of the rows is free.
struct GenerationLoop {
    private let model: CausalLanguageModel
    private let tokenizer: any Tokenizer
    private let prefillTokenCount: Int
    private let requests: [GenerationRequest]
    private let device: Device
    /// Tokens after which an answer is complete.
    private let endTokens: Set<Int32>

    /// Positions of the requests that wait, the next one last.
    private var waiting: [Int]
    private let cache: KVCache
    /// In the order of the cache's rows.
    private var rows: [Row] = []
    private var sampler: Sampler

    /// A request that is being answered.
    private struct Row {
        let request: Int
        let maximumNewTokens: Int
        let sampling: SamplingParameters
        let stopTexts: StopTexts
        var tokens: [Int32] = []
        var logProbs: [Float] = []
        let usesCalculator: Bool
        /// What the calculator still has to write, the next token last.
        var calculated: [Int32] = []

        /// Takes the picked token, unless the calculator writes another.
        mutating func append(_ picked: Int32, logProb: Float) {
            let written = calculated.popLast()
            tokens.append(written ?? picked)
            logProbs.append(written == nil ? logProb : 0)
        }

        /// Has the calculator go on where the newest token ends an equation's left side.
        mutating func calculate(_ tokenizer: any Tokenizer) {
            guard usesCalculator, calculated.isEmpty, let newest = tokens.last,
                tokenizer.bytes(of: newest, keepingSpecialTokens: false).last == UInt8(ascii: "="),
                let value = Calculator.continuation(of: tokenizer.decode(tokens))
            else { return }
            calculated = tokenizer.encode(value).reversed()
        }
    }

    /// Answers the group's members among `requests`, in a cache of the group's size.
    init(
        model: CausalLanguageModel, tokenizer: any Tokenizer, prefillTokenCount: Int, requests: [GenerationRequest],
        group: RequestGroup, endTokens: Set<Int32>, device: Device
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.prefillTokenCount = prefillTokenCount
        self.requests = requests
        self.device = device
        self.endTokens = endTokens
        waiting = group.members.reversed()
        cache = KVCache(
            model.configuration, rowCapacity: group.rowCount, tokenCapacity: group.tokenCount, device: device)
        sampler = Sampler([], device: device)
    }

    var isDone: Bool { waiting.isEmpty && rows.isEmpty }

    /// Whether the next step takes in prompts.
    private var hasRoom: Bool {
        !waiting.isEmpty && (rows.isEmpty || (cache.rowCapacity - rows.count) * 4 >= cache.rowCapacity)
    }

    /// Lets go of the requests that are not wanted any more; of those that wait, as soon as it might come to them.
    mutating func drop(unless isWanted: (_ request: Int) -> Bool) {
        inferenceMode { remove(rows.indices.reversed().filter { !isWanted(rows[$0].request) }) }
        if hasRoom { waiting.removeAll { !isWanted($0) } }
    }

    /// Takes in waiting prompts where there is room for them, else generates one token of every row.
    ///
    /// - Returns: the answers that are complete, with the positions of their requests, and the number of new tokens.
    mutating func advance() -> (finished: [(request: Int, result: GenerationResult)], tokenCount: Int) {
        inferenceMode {
            if hasRoom { return admit() }
            let logits_BV = model.decode(Tensor(rows.map { Int($0.tokens.last ?? 0) }, device: device), cache: cache)
            return append(sampler.pick(logits_BV, ordinals: rows.map(\.tokens.count)), toRowsFrom: 0)
        }
    }

    private mutating func admit() -> (finished: [(request: Int, result: GenerationResult)], tokenCount: Int) {
        let firstRow = rows.count
        var tokenCount = 0
        while let next = waiting.last, rows.count < cache.rowCapacity {
            tokenCount += requests[next].prompt.count
            if rows.count > firstRow, tokenCount > prefillTokenCount { break }
            rows.append(makeRow(next))
            waiting.removeLast()
        }
        let prompts = rows[firstRow...].map { requests[$0.request].prompt }
        let logits_BV = model.prefill(TokenLine(prompts, device: device), cache: cache)
        let newcomers = Sampler(rows[firstRow...].map(\.sampling), device: device)
        sampler = Sampler(rows.map(\.sampling), device: device)
        return append(newcomers.pick(logits_BV, ordinals: prompts.map { _ in 0 }), toRowsFrom: firstRow)
    }

    /// Brings the picked tokens to the host, in one transfer, and lets the rows that end with them go.
    private mutating func append(
        _ picked: (tokens_B: Tensor, logProbs_B: Tensor), toRowsFrom firstRow: Int
    ) -> (finished: [(request: Int, result: GenerationResult)], tokenCount: Int) {
        let pairs = Tensor.stack([picked.tokens_B.to(.float64), picked.logProbs_B.to(.float64)]).toArray(Double.self)
        let count = rows.count - firstRow
        var finished: [(row: Int, result: GenerationResult)] = []
        for index in (0..<count).reversed() {
            let row = firstRow + index
            rows[row].append(Int32(pairs[index]), logProb: Float(pairs[count + index]))
            rows[row].calculate(tokenizer)
            guard let reason = finishReason(of: rows[row], logProb: pairs[count + index]) else { continue }
            finished.append((row, result(of: rows[row], reason)))
        }
        let answers = finished.map { (rows[$0.row].request, $0.result) }
        remove(finished.map(\.row))
        return (answers, count)
    }

    /// Lets rows go, the last one first: the row that then takes its place is one that stays.
    private mutating func remove(_ leaving: [Int]) {
        for row in leaving {
            cache.remove(row: row)
            rows.swapAt(row, rows.count - 1)
            rows.removeLast()
        }
        if !leaving.isEmpty { sampler = Sampler(rows.map(\.sampling), device: device) }
    }

    private func finishReason(of row: Row, logProb: Double) -> FinishReason? {
        if logProb.isNaN { return .error }
        if endsWithEndToken(row) { return .stop }
        if row.stopTexts.areReached(by: row.tokens, tokenizer) { return .stop }
        return row.tokens.count >= row.maximumNewTokens ? .length : nil
    }

    private func endsWithEndToken(_ row: Row) -> Bool { row.tokens.last.map(endTokens.contains) ?? false }

    private func result(of row: Row, _ reason: FinishReason) -> GenerationResult {
        let written = endsWithEndToken(row) ? row.tokens.dropLast() : row.tokens[...]
        return GenerationResult(
            tokens: row.tokens, logProbs: row.logProbs, text: row.stopTexts.cut(tokenizer.decode(written)),
            finishReason: reason)
    }

    private func makeRow(_ position: Int) -> Row {
        let request = requests[position]
        return Row(
            request: position,
            maximumNewTokens: request.tokenCount(contextLength: model.configuration.maxPositionCount)
                - request.prompt.count,
            sampling: request.sampling, stopTexts: StopTexts(request.stopTexts),
            usesCalculator: request.usesCalculator)
    }
}
