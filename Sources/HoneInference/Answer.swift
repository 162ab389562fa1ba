import HoneGrammar
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
    private var stop: StopWatch
    private var hasStopped = false
    private let includesStopText: Bool
    /// What holds it to its format, if it has one.
    private var constraint: AnswerConstraint?
    private let usesCalculator: Bool
    /// What the calculator still has to write, the next token last.
    private var calculated: [Int32] = []

    init(
        to request: GenerationRequest, at position: Int, contextLength: Int, automaton: FormatAutomaton?,
        _ tokenizer: any Tokenizer
    ) {
        self.position = position
        sampling = request.sampling
        maximumNewTokens = request.tokenCount(contextLength: contextLength) - request.prompt.count
        stop = StopWatch(request.stopTexts, tokenizer)
        includesStopText = request.includesStopText
        constraint = automaton.map { [maximumNewTokens] in AnswerConstraint($0, tokenLimit: maximumNewTokens) }
        usesCalculator = request.usesCalculator
    }

    var tokens: [Int32] { result.tokens }

    /// How the next token is to be picked. The mask of a format has been worked out since the newest token was taken,
    /// while the network computed.
    var draw: TokenDraw {
        var draw = sampling.draw(ordinal: tokens.count, after: tokens)
        draw.mask = constraint?.mask
        return draw
    }

    /// Tokens that are yet to come at most.
    var room: Int { maximumNewTokens - tokens.count }

    /// The tokens that come next whatever is picked: the rest of what the calculator writes.
    var certain: [Int32] { calculated.reversed() }

    /// Takes the picked token, unless the calculator writes another.
    ///
    /// - Returns: why the answer is complete, if it is
    mutating func take(
        _ pick: TokenPick, weightVersion: Int, endTokens: Set<Int32>, _ tokenizer: any Tokenizer
    ) -> FinishReason? {
        let written = calculated.popLast()
        let token = written ?? pick.token
        result.tokens.append(token)
        constraint?.append(token)
        hasStopped = stop.append(token)
        result.logProbs.append(written == nil ? pick.logProb : 0)
        result.drawnLogProbs.append(written == nil ? pick.drawnLogProb : 0)
        result.count(oneTokenBy: weightVersion)
        calculate(tokenizer)
        return finishReason(pick.logProb, endTokens)
    }

    /// The finished answer.
    func finished(_ reason: FinishReason, endTokens: Set<Int32>, _ tokenizer: any Tokenizer) -> GenerationResult {
        var result = result
        let written = endsWith(oneOf: endTokens) ? tokens.dropLast() : tokens[...]
        result.text = stop.cut(tokenizer.decode(written), includingStop: includesStopText)
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

    private func finishReason(_ logProb: Float, _ endTokens: Set<Int32>) -> FinishReason? {
        if logProb.isNaN { return .error }
        if endsWith(oneOf: endTokens) || hasStopped { return .stop }
        guard tokens.count >= maximumNewTokens else { return nil }
        return constraint?.isWhole == true ? .stop : .length
    }

    private func endsWith(oneOf endTokens: Set<Int32>) -> Bool { tokens.last.map(endTokens.contains) ?? false }
}
