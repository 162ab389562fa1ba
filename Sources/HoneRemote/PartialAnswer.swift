import HoneInference
import HoneTokenizer

/// One piece of an answer as a server sent it.
struct AnswerPiece: Equatable {
    /// New tokens; nil where the server sends none.
    var tokens: [Int32]?
    /// One a token, where they were asked for.
    var logProbs: [Float]?
    var text = ""
    /// Whether tokens and text are all so far, not what is new.
    var isWhole = false
    /// As the server calls it.
    var finishReason: String?
    var promptTokenCount: Int?
    /// The weights that wrote the newest token.
    var weightVersion: String?
    /// Which weights wrote which tokens, where the server says it in full.
    var weights: [VersionSpan] = []
}

/// What has come of an answer so far. Tokens of a try that broke off are kept, so that another server can go on there.
struct PartialAnswer {
    private(set) var tokens: [Int32] = []
    private(set) var logProbs: [Float] = []
    private(set) var text = ""
    private(set) var finishReason: FinishReason?
    private(set) var weights: [VersionSpan] = []
    private(set) var promptTokenCount: Int?
    private(set) var hasTokens = true
    /// Tokens and text of the tries before this one.
    private var carried = (tokenCount: 0, text: "")

    /// Adds a piece.
    /// - Throws: `RemoteTrouble.garbage` where tokens and log-probabilities do not fit together.
    mutating func add(_ piece: AnswerPiece) throws(RemoteTrouble) {
        if let new = piece.tokens {
            if piece.isWhole { tokens.removeSubrange(carried.tokenCount...) }
            tokens += new
            if let newProbs = piece.logProbs {
                guard newProbs.count == new.count else {
                    throw .garbage("a piece has \(new.count) tokens and \(newProbs.count) log-probabilities")
                }
                if piece.isWhole { logProbs.removeSubrange(min(carried.tokenCount, logProbs.count)...) }
                logProbs += newProbs
            }
        } else if !piece.text.isEmpty {
            hasTokens = false
        }
        text = piece.isWhole ? carried.text + piece.text : text + piece.text
        if promptTokenCount == nil { promptTokenCount = piece.promptTokenCount }
        note(piece)
        if let reason = piece.finishReason { finishReason = FinishReason(server: reason) }
    }

    private mutating func note(_ piece: AnswerPiece) {
        if !piece.weights.isEmpty {
            weights.removeAll { $0.tokens.lowerBound >= carried.tokenCount }
            weights += piece.weights.map { span in
                VersionSpan(
                    version: span.version,
                    tokens: span.tokens.lowerBound + carried.tokenCount..<span.tokens.upperBound + carried.tokenCount)
            }
        } else if let version = piece.weightVersion {
            let start = weights.last?.tokens.upperBound ?? 0
            if weights.last?.version == version {
                weights[weights.count - 1].tokens = weights[weights.count - 1].tokens.lowerBound..<tokens.count
            } else {
                weights.append(VersionSpan(version: version, tokens: start..<max(start, tokens.count)))
            }
        }
    }

    /// Takes note of the weights that were there before and after a try whose answer does not tell.
    mutating func note(before: String, after: String) {
        guard weights.allSatisfy({ $0.tokens.upperBound <= carried.tokenCount }) else { return }
        let end = max(tokens.count, carried.tokenCount)
        weights.append(VersionSpan(version: before, tokens: carried.tokenCount..<end))
        if before != after { weights.append(VersionSpan(version: after, tokens: end..<end)) }
    }

    /// Gets ready for another try: what came is kept where tokens say exactly how far it got, else dropped.
    mutating func breakOff(keeping: Bool) {
        let keeps = keeping && hasTokens && !tokens.isEmpty && (logProbs.isEmpty || logProbs.count == tokens.count)
        let promptTokenCount = promptTokenCount
        if !keeps { self = PartialAnswer() }
        self.promptTokenCount = promptTokenCount
        finishReason = nil
        carried = (tokens.count, text)
    }

    var isEmpty: Bool { tokens.isEmpty && text.isEmpty }

    mutating func end(_ reason: FinishReason) {
        finishReason = reason
    }

    /// Ends the answer with the first of its tokens from `start` on that completes a stop text.
    /// - Returns: Whether one does.
    mutating func end(at stop: inout StopWatch, from start: Int) -> Bool {
        for (index, token) in tokens.enumerated().dropFirst(start) where stop.append(token) {
            tokens.removeSubrange((index + 1)...)
            if logProbs.count > index + 1 { logProbs.removeSubrange((index + 1)...) }
            finishReason = .stop
            return true
        }
        return false
    }

    func answer(text: String? = nil, finishReason: FinishReason) -> EngineAnswer {
        var result = GenerationResult.nothing
        result.tokens = hasTokens ? tokens : []
        result.logProbs = hasTokens && logProbs.count == tokens.count ? logProbs : []
        result.text = text ?? self.text
        result.finishReason = finishReason
        return EngineAnswer(
            result: result, promptTokenCount: promptTokenCount, weights: weights,
            hasTokens: hasTokens && !(tokens.isEmpty && !result.text.isEmpty))
    }
}

extension FinishReason {
    /// In the words of the servers, which all have more than one for a limit or an abort.
    init?(server reason: String) {
        switch reason {
        case "stop", "eos", "stop_str", "stop_token", "eos_token": self = .stop
        case "length", "max_tokens": self = .length
        case "abort", "aborted", "cancelled", "content_filter": self = .abort
        case "error": self = .error
        default: return nil
        }
    }
}
