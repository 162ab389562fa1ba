import HoneModel
import HoneTensor
import HoneTokenizer

/// Continues prompts together, as many at a time as its cache has rows.
///
/// Prompts are taken in by rising length, so that those decoded together have about one length. A row that finishes
/// leaves at once; waiting prompts take the free places as soon as a quarter of the rows is free.
struct GenerationLoop: SteppedLoop {
    private let model: CausalLanguageModel
    private let tokenizer: any Tokenizer
    private let prefillTokenCount: Int
    private let questions: Questions
    private let device: Device
    /// Tokens after which an answer is complete.
    private let endTokens: Set<Int32>

    /// Positions of the requests that wait, the next one last.
    private var waiting: [Int]
    private let cache: KVCache
    /// In the order of the cache's rows.
    private var rows: [Answer] = []

    /// Answers the group's members among the questions, in a cache of the group's size.
    init(
        model: CausalLanguageModel, tokenizer: any Tokenizer, prefillTokenCount: Int, questions: Questions,
        group: RequestGroup, endTokens: Set<Int32>, device: Device
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.prefillTokenCount = prefillTokenCount
        self.questions = questions
        self.device = device
        self.endTokens = endTokens
        waiting = group.members.reversed()
        cache = KVCache(
            model.configuration, rowCapacity: group.rowCount, tokenCapacity: group.tokenCount, device: device)
    }

    var isDone: Bool { waiting.isEmpty && rows.isEmpty }

    /// Whether the next step takes in prompts.
    private var hasRoom: Bool {
        !waiting.isEmpty && (rows.isEmpty || (cache.rowCapacity - rows.count) * 4 >= cache.rowCapacity)
    }

    /// Lets go of the requests that are not wanted any more; of those that wait, as soon as it might come to them.
    mutating func drop(unless isWanted: (_ request: Int) -> Bool) -> [Int] {
        let leaving = rows.indices.reversed().filter { !isWanted(rows[$0].position) }
        var dropped = leaving.map { rows[$0].position }
        inferenceMode { remove(leaving) }
        guard hasRoom else { return dropped }
        dropped += waiting.extract { !isWanted($0) }
        return dropped
    }

    /// Takes in waiting prompts where there is room for them, else generates one token of every row.
    mutating func advance() -> StepProgress {
        inferenceMode {
            if hasRoom { return admit() }
            let logits_BV = model.decode(Tensor(rows.map { Int($0.tokens.last ?? 0) }, device: device), cache: cache)
            return append(logits_BV, toRowsFrom: 0)
        }
    }

    private mutating func admit() -> StepProgress {
        let firstRow = rows.count
        var tokenCount = 0
        while let next = waiting.last, rows.count < cache.rowCapacity {
            tokenCount += questions.requests[next].prompt.count
            if rows.count > firstRow, tokenCount > prefillTokenCount { break }
            rows.append(questions.answer(next))
            waiting.removeLast()
        }
        let prompts = rows[firstRow...].map { questions.requests[$0.position].prompt }
        return append(model.prefill(TokenLine(prompts, device: device), cache: cache), toRowsFrom: firstRow)
    }

    /// Picks a token for each of the rows, and lets the rows that end with it go.
    private mutating func append(_ logits_BV: Tensor, toRowsFrom firstRow: Int) -> StepProgress {
        let picks = logits_BV.to(device: .cpu).pickTokens(rows[firstRow...].map(\.draw))
        var finished: [(row: Int, result: GenerationResult)] = []
        for (index, pick) in picks.enumerated().reversed() {
            let row = firstRow + index
            guard let reason = rows[row].take(pick, weightVersion: 0, endTokens: endTokens, tokenizer) else { continue }
            finished.append((row, rows[row].finished(reason, endTokens: endTokens, tokenizer)))
        }
        let writers = rows[firstRow...].map(\.position)
        let answers = finished.map { (request: rows[$0.row].position, result: $0.result) }
        remove(finished.map(\.row))
        return StepProgress(finished: answers, writers: writers)
    }

    private mutating func remove(_ leaving: [Int]) {
        for row in leaving {
            cache.remove(row: row)
            rows.swapAt(row, rows.count - 1)
            rows.removeLast()
        }
    }
}
