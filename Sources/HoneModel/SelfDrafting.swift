public import HoneTensor

/// Draws drafts from a network's first layers and has the rest of it look at them: tokens of every row in one pass.
///
/// What the first layers computed of a drafted token is what the whole network would compute there, so the rest goes on
/// from it, and nothing is computed twice (Elhoushi et al. 2024, arXiv:2404.16710, section 4.3). Keys and values of
/// tokens that are not kept stay behind a row's end, where nothing looks.
///
/// Shape suffixes: B rows, J drafted places, C hidden size, V vocabulary.
public final class SelfDrafting {
    private let model: CausalLanguageModel
    private let exit: EarlyExit
    private let cache: KVCache
    /// What the first layers made of the tokens of this round, each `[B, C]`.
    private var drafted: [Tensor] = []

    /// Rows of the cache are added by ``CausalLanguageModel/prefill(_:cache:)``, and its room is for `J` tokens more
    /// than a row keeps.
    public init(_ model: CausalLanguageModel, _ exit: EarlyExit, cache: KVCache) {
        self.model = model
        self.exit = exit
        self.cache = cache
    }

    /// Reads the next token of every row with the first layers.
    ///
    /// - Returns: the exit's logits of the token after, `[B, V]`
    public func draft(_ ids_B: Tensor) -> Tensor {
        let past = cache.lengths.map { $0 + drafted.count }
        let line = TokenLine(ids_N: ids_B, lengths: past.map { _ in 1 })
        let pass = model.pass(line.lengths, cache: cache.rows(holding: past))
        let x_BC = model.run(model.embed(line, pass), through: 0..<exit.layer, pass).sum_NC
        drafted.append(x_BC)
        return exit.logits(x_BC)
    }

    /// Reads the tokens of this round with the other layers.
    ///
    /// - Returns: the whole network's logits of the token after each of them, `[B · J, V]`, row by row
    public func verify() -> Tensor {
        let rows = cache.lengths
        let pass = model.pass(rows.map { _ in drafted.count }, cache: cache.rows(holding: rows))
        let x_NC = Tensor.stack(drafted, dim: 1).flatten(from: 0, through: 1)
        let last = model.run(x_NC, through: exit.layer..<model.layers.count, pass)
        return model.logits(last.normalized(by: model.norm).normalized)
    }

    /// Ends the round: every row keeps so many of its tokens, and the others are as if they had never been read.
    public func keep(_ counts: [Int]) {
        let isSound = counts.allSatisfy { (0...drafted.count).contains($0) }
        precondition(isSound, "\(counts) of \(drafted.count) tokens kept")
        cache.keep(zip(cache.lengths, counts).map(+))
        drafted = []
    }
}
