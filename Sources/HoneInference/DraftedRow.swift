import HoneModel
import HoneTensor

/// A request that is being answered with drafts: what it has, what a round drafts, and where it ends.
struct DraftedRow {
    /// With the drafts of a round while there are any.
    private(set) var answer: Answer
    /// Why it ended, once it has.
    private(set) var reason: FinishReason?
    /// Layers times tokens.
    var computed: Int

    private let generator: DraftedGenerator
    private let promptCount: Int
    /// As it was before the round's drafts.
    private var sure: Answer

    init(_ position: Int, of questions: Questions, _ generator: DraftedGenerator) {
        answer = questions.answer(position)
        sure = answer
        self.generator = generator
        promptCount = questions.requests[position].prompt.count
        computed = generator.model.configuration.layerCount * promptCount
    }

    /// The token that is read next.
    var newest: Int32 { answer.tokens.last ?? 0 }

    /// Takes the picked token, unless the calculator writes another, and sees whether that ends the answer.
    mutating func append(_ pick: TokenPick) {
        reason = answer.take(pick, weightVersion: 0, endTokens: generator.endTokens, generator.tokenizer)
    }

    /// From here on tokens are drafts.
    mutating func beginDraft() { sure = answer }

    /// Forgets the drafts and gives them.
    mutating func takeBack() -> ArraySlice<Int32> {
        let drafts = answer.tokens[sure.tokens.count...]
        answer = sure
        reason = nil
        return drafts
    }

    /// Takes what the whole network picked, up to the first place where that is not the draft or the answer ends.
    ///
    /// - Returns: how many tokens the row has more.
    mutating func settle(_ drafts: ArraySlice<Int32>, against picks: ArraySlice<TokenPick>) -> Int {
        var count = 0
        for (drafted, pick) in zip(drafts, picks) {
            append(pick)
            count += 1
            if reason != nil || newest != drafted { break }
        }
        return count
    }

    var result: RoutedResult {
        let layerCount = generator.model.configuration.layerCount
        return RoutedResult(
            result: answer.finished(reason ?? .length, endTokens: generator.endTokens, generator.tokenizer),
            route: RouteRecord(
                path: .deep, confidence: nil, computed: computed,
                deep: layerCount * (promptCount + answer.tokens.count)))
    }
}
