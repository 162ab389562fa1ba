import HoneModel
import HoneProblems
import HoneTokenizer

/// A request that is being answered with drafts: what it has, what a round drafts, and where it ends.
struct DraftedRow {
    typealias Pick = (token: Int32, logProb: Float)

    /// Among the requests.
    let position: Int
    let request: GenerationRequest
    /// Why it ended, once it has.
    private(set) var reason: FinishReason?
    /// Layers times tokens.
    var computed: Int

    private let tokenizer: any Tokenizer
    private let endTokens: Set<Int32>
    private let stopTexts: StopTexts
    private let maximumNewTokens: Int
    private let layerCount: Int
    private var written = Written()
    /// As it was before the round's drafts.
    private var sure = Written()

    private struct Written {
        var tokens: [Int32] = []
        var logProbs: [Float] = []
        /// What the calculator still has to write, the next token last.
        var calculated: [Int32] = []
    }

    init(_ position: Int, of request: GenerationRequest, _ generator: DraftedGenerator) {
        let configuration = generator.model.configuration
        self.position = position
        self.request = request
        tokenizer = generator.tokenizer
        endTokens = generator.endTokens
        stopTexts = StopTexts(request.stopTexts)
        maximumNewTokens = request.tokenCount(contextLength: configuration.maxPositionCount) - request.prompt.count
        layerCount = configuration.layerCount
        computed = layerCount * request.prompt.count
    }

    /// The token that is read next.
    var newest: Int32 { written.tokens.last ?? 0 }
    /// Tokens that are sure to stay.
    var keptCount: Int { sure.tokens.count }

    /// From here on tokens are drafts.
    mutating func beginDraft() { sure = written }

    /// Forgets the drafts and gives them.
    mutating func takeBack() -> ArraySlice<Int32> {
        let drafts = written.tokens[sure.tokens.count...]
        written = sure
        reason = nil
        return drafts
    }

    /// Takes what the whole network picked, up to the first place where that is not the draft or the answer ends.
    ///
    /// - Returns: how many tokens the row has more.
    mutating func settle(_ drafts: ArraySlice<Int32>, against picks: ArraySlice<Pick>) -> Int {
        var count = 0
        for (drafted, picked) in zip(drafts, picks) {
            append(picked)
            count += 1
            if reason != nil || newest != drafted { break }
        }
        sure = written
        return count
    }

    /// Takes the picked token, unless the calculator writes another, and sees whether that ends the answer.
    mutating func append(_ picked: Pick) {
        let calculated = written.calculated.popLast()
        written.tokens.append(calculated ?? picked.token)
        written.logProbs.append(calculated == nil ? picked.logProb : 0)
        calculate()
        reason = finishReason(picked.logProb)
    }

    /// Has the calculator go on where the newest token ends an equation's left side.
    private mutating func calculate() {
        guard request.usesCalculator, written.calculated.isEmpty,
            tokenizer.bytes(of: newest, keepingSpecialTokens: false).last == UInt8(ascii: "="),
            let value = Calculator.continuation(of: tokenizer.decode(written.tokens))
        else { return }
        written.calculated = tokenizer.encode(value).reversed()
    }

    private func finishReason(_ logProb: Float) -> FinishReason? {
        if logProb.isNaN { return .error }
        if endTokens.contains(newest) || stopTexts.areReached(by: written.tokens, tokenizer) { return .stop }
        return written.tokens.count >= maximumNewTokens ? .length : nil
    }

    var result: RoutedResult {
        let tokens = written.tokens
        let text = endTokens.contains(newest) ? tokens.dropLast() : tokens[...]
        return RoutedResult(
            result: GenerationResult(
                tokens: tokens, logProbs: written.logProbs, text: stopTexts.cut(tokenizer.decode(text)),
                finishReason: reason ?? .length),
            route: RouteRecord(
                path: .deep, confidence: nil, computed: computed,
                deep: layerCount * (request.prompt.count + tokens.count)))
    }
}
