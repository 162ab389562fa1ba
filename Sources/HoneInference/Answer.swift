import HoneProblems
import HoneTensor
import HoneTokenizer

/// One request as it is being answered.
struct Answer {
    /// The request's place among those that were asked together.
    let position: Int
    let sampling: SamplingParameters
    private(set) var result = GenerationResult()
    private let maximumNewTokens: Int
    private let stopTexts: StopTexts
    private let usesCalculator: Bool
    /// What the calculator still has to write, the next token last.
    private var calculated: [Int32] = []

    init(to request: GenerationRequest, at position: Int, contextLength: Int) {
        self.position = position
        sampling = request.sampling
        maximumNewTokens = request.tokenCount(contextLength: contextLength) - request.prompt.count
        stopTexts = StopTexts(request.stopTexts)
        usesCalculator = request.usesCalculator
    }

    var tokens: [Int32] { result.tokens }

    /// How the next token is to be picked.
    var draw: TokenDraw { sampling.draw(ordinal: tokens.count, after: tokens) }

    /// Takes the picked token, unless the calculator writes another.
    ///
    /// - Returns: why the answer is complete, if it is
    mutating func take(
        _ pick: TokenPick, weightVersion: Int, endTokens: Set<Int32>, _ tokenizer: any Tokenizer
    ) -> FinishReason? {
        let written = calculated.popLast()
        result.tokens.append(written ?? pick.token)
        result.logProbs.append(written == nil ? pick.logProb : 0)
        result.drawnLogProbs.append(written == nil ? pick.drawnLogProb : 0)
        result.count(oneTokenBy: weightVersion)
        calculate(tokenizer)
        return finishReason(pick.logProb, endTokens, tokenizer)
    }

    /// The finished answer.
    func finished(_ reason: FinishReason, endTokens: Set<Int32>, _ tokenizer: any Tokenizer) -> GenerationResult {
        var result = result
        let written = endsWith(oneOf: endTokens) ? tokens.dropLast() : tokens[...]
        result.text = stopTexts.cut(tokenizer.decode(written))
        result.finishReason = reason
        return result
    }

    /// Has the calculator go on where the newest token ends an equation's left side.
    private mutating func calculate(_ tokenizer: any Tokenizer) {
        guard usesCalculator, calculated.isEmpty, let newest = tokens.last,
            tokenizer.bytes(of: newest, keepingSpecialTokens: false).last == UInt8(ascii: "="),
            let value = Calculator.continuation(of: tokenizer.decode(tokens))
        else { return }
        calculated = tokenizer.encode(value).reversed()
    }

    private func finishReason(
        _ logProb: Float, _ endTokens: Set<Int32>, _ tokenizer: any Tokenizer
    ) -> FinishReason? {
        if logProb.isNaN { return .error }
        if endsWith(oneOf: endTokens) { return .stop }
        if stopTexts.areReached(by: tokens, tokenizer) { return .stop }
        return tokens.count >= maximumNewTokens ? .length : nil
    }

    private func endsWith(oneOf endTokens: Set<Int32>) -> Bool { tokens.last.map(endTokens.contains) ?? false }
}
