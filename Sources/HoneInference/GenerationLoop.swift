import HoneGrammar
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
    /// Of the requests whose answers have a format.
    private let automata: [FormatAutomaton?]
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
        var stopTexts: StopTexts
        var decoder: StreamingDecoder
        var context: PickContext
        var tokens: [Int32] = []
        var logProbs: [Float] = []
        var pickedLogProbs: [Float] = []
        let usesCalculator: Bool
        /// What the calculator still has to write, the next token last.
        var calculated: [Int32] = []

        /// Takes the picked token, unless the calculator writes another.
        mutating func append(_ pick: TokenPick, _ tokenizer: any Tokenizer) {
            let written = calculated.popLast()
            let token = written ?? pick.token
            context.append(token)
            if !stopTexts.isEmpty { stopTexts.append(text(of: token, tokenizer).utf8) }
            tokens.append(token)
            logProbs.append(written == nil ? pick.logProb : 0)
            pickedLogProbs.append(written == nil ? pick.pickedLogProb : 0)
        }

        /// The characters that a token completes; the first token may lose a space that it begins with.
        private mutating func text(of token: Int32, _ tokenizer: any Tokenizer) -> Substring {
            let text = decoder.append(token)[...]
            let losesSpace = tokens.isEmpty && text.hasPrefix(" ") && !tokenizer.decode([token]).hasPrefix(" ")
            return losesSpace ? text.dropFirst() : text
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
        automata: [FormatAutomaton?], group: RequestGroup, endTokens: Set<Int32>, device: Device
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.prefillTokenCount = prefillTokenCount
        self.requests = requests
        self.automata = automata
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
            let picked = sampler.pick(
                logits_BV, ordinals: rows.map(\.tokens.count), contexts: rows.map(\.context))
            return append(picked, toRowsFrom: 0)
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
        let picked = newcomers.pick(
            logits_BV, ordinals: prompts.map { _ in 0 }, contexts: rows[firstRow...].map(\.context))
        return append(picked, toRowsFrom: firstRow)
    }

    /// Takes the picked tokens in, and lets the rows that end with them go.
    private mutating func append(
        _ picked: PickedTokens, toRowsFrom firstRow: Int
    ) -> (finished: [(request: Int, result: GenerationResult)], tokenCount: Int) {
        let count = rows.count - firstRow
        var finished: [(row: Int, result: GenerationResult)] = []
        for (index, pick) in picked.rows.enumerated().reversed() {
            let row = firstRow + index
            rows[row].append(pick, tokenizer)
            rows[row].calculate(tokenizer)
            guard let reason = finishReason(of: rows[row], logProb: pick.logProb) else { continue }
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

    private func finishReason(of row: Row, logProb: Float) -> FinishReason? {
        if logProb.isNaN { return .error }
        if endsWithEndToken(row) { return .stop }
        if row.stopTexts.areReached { return .stop }
        return row.tokens.count >= row.maximumNewTokens ? .length : nil
    }

    private func endsWithEndToken(_ row: Row) -> Bool { row.tokens.last.map(endTokens.contains) ?? false }

    private func result(of row: Row, _ reason: FinishReason) -> GenerationResult {
        let written = endsWithEndToken(row) ? row.tokens.dropLast() : row.tokens[...]
        let request = requests[row.request]
        return GenerationResult(
            tokens: row.tokens, logProbs: row.logProbs,
            pickedLogProbs: request.wantsPickedLogProbs ? row.pickedLogProbs : [],
            text: row.stopTexts.cut(tokenizer.decode(written), includingStop: request.includesStopText),
            finishReason: reason)
    }

    private func makeRow(_ position: Int) -> Row {
        let request = requests[position]
        return Row(
            request: position,
            maximumNewTokens: request.tokenCount(contextLength: model.configuration.maxPositionCount)
                - request.prompt.count,
            sampling: request.sampling, stopTexts: StopTexts(request.stopTexts),
            decoder: StreamingDecoder(tokenizer: tokenizer),
            context: PickContext(
                request.sampling, prompt: request.prompt, constraint: automata[position].map(AnswerConstraint.init)),
            usesCalculator: request.usesCalculator)
    }
}
