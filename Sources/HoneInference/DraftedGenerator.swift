import HoneGrammar
import HoneModel
import HoneTensor
import HoneTokenizer

/// Answers as the whole network answers, with its first layers running ahead.
///
/// Every token is the one that the network alone would pick: the likeliest, or the draw of the request's own number for
/// that place. Drafts are picked by the same number, so that they agree wherever the two distributions do. A sampled
/// answer is therefore not only one of the same distribution, which is what drafts that are accepted by their ratio of
/// probabilities come to (Chen et al. 2023, arXiv:2302.01318, theorem 1), but the very one.
struct DraftedGenerator {
    let model: CausalLanguageModel
    let exit: EarlyExit
    let tokenizer: any Tokenizer
    let limits: GenerationLimits
    let endTokens: Set<Int32>
    private let formats: FormatLibrary

    init(
        model: CausalLanguageModel, exit: EarlyExit, tokenizer: any Tokenizer, endTokens: [Int32]?,
        limits: GenerationLimits, formats: FormatLibrary
    ) {
        self.model = model
        self.exit = exit
        self.tokenizer = tokenizer
        self.limits = limits
        self.endTokens = Set(
            endTokens ?? model.configuration.eosTokenIDs.map(Int32.init) + [tokenizer.endOfTextID])
        self.formats = formats
    }

    /// Continues every prompt, `draft` tokens at a time.
    func generate(
        _ requests: [GenerationRequest], draft: Int, isWanted: (_ request: Int) -> Bool
    ) throws -> [RoutedResult] {
        let configuration = model.configuration
        let questions = try Questions(requests, to: configuration, limits, formats, tokenizer)
        let none = RouteRecord(path: .deep, confidence: nil, computed: 0, deep: 0)
        var results = [RoutedResult](
            repeating: RoutedResult(result: .nothing, route: none), count: requests.count)
        for group in RequestGroup.groups(requests, configuration, limits) {
            var loop = DraftedLoop(self, questions: questions, group: group, draft: draft)
            loop.drop(unless: isWanted)
            while !loop.isDone {
                try Task.checkCancellation()
                for (position, result) in loop.advance() { results[position] = result }
                loop.drop(unless: isWanted)
            }
        }
        return results
    }
}
