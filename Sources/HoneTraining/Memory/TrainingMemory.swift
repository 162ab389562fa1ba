internal import Crypto
internal import HoneModel
internal import HoneTensor
internal import HoneTokenizer

/// What a run holds besides the new examples, so that the model keeps what it could.
///
/// All of it follows from the weights that the run started from, the old examples and the seed. So of all this a
/// checkpoint keeps the running mean of the weights alone.
final class TrainingMemory {
    private var selfAnswers: SelfAnsweredPrompts?
    private var replay: ReplayedExamples?
    private let elastic: ElasticPenalty?
    private let average: WeightAverage?
    private let honeypots: Honeypots?

    /// - Parameters:
    ///   - configuration: which parts
    ///   - run: whose memory it is
    ///   - former: the model as it was when the run began; not to be trained
    ///   - old: tokens of old examples; their completions are read by replay alone
    ///   - tokenizer: of the model
    /// - Throws: `TrainingError.noExamples` where old examples are wanted and there are none.
    init(
        _ configuration: MemoryConfiguration, of run: SFTConfiguration, former: CausalLanguageModel,
        old: TrainingSet?, tokenizer: ByteTokenizer
    ) throws {
        former.requireGrad(false)
        // Tables that generation makes could not serve a gradient.
        former.prepare(tokenCount: former.configuration.maxPositionCount)
        func answers(_ maximumTokens: Int) -> OwnAnswers {
            OwnAnswers(
                model: former, tokenizer: tokenizer, usesCalculator: run.usesCalculator, maximumTokens: maximumTokens)
        }
        average = configuration.averaging.map { WeightAverage($0, former: former.namedParameters) }
        guard configuration.needsExamples else {
            elastic = nil
            honeypots = nil
            return
        }
        guard let old, !old.entries.isEmpty else {
            throw TrainingError.noExamples("the run is to remember and there are no old examples")
        }
        let seed = run.seed &+ 0x2545_F491_4F6C_DD1D
        let (held, members) = Honeypots.divide(
            old.entries.count, held: configuration.honeypots?.exampleCount ?? 0, seed: seed)
        honeypots = configuration.honeypots.flatMap {
            held.isEmpty ? nil : Honeypots($0, set: old, members: held, steps: run.steps)
        }
        let prompts = members.map { old.prompt(of: Int($0)) }
        elastic = try configuration.elastic.map {
            try ElasticPenalty($0, prompts: prompts, answers: answers($0.maximumAnswerTokens), seed: seed)
        }
        selfAnswers = try configuration.selfAnswers.map {
            try SelfAnsweredPrompts(
                $0, prompts: prompts, answers: answers($0.maximumAnswerTokens), steps: run.steps, seed: seed)
        }
        replay = configuration.replay.map {
            ReplayedExamples($0, set: old, members: members, former: former, seed: seed)
        }
    }

    /// Adds the gradients of all parts to those of the new batch, and says how large each is, for the record.
    func addGradients(of model: CausalLanguageModel, atStep step: Int) -> [String: Double] {
        var values: [String: Double] = [:]
        values["old_kl"] = selfAnswers?.addGradient(of: model, atStep: step)
        values["replay_loss"] = replay?.addGradient(of: model, atStep: step)
        values["elastic_penalty"] = elastic?.addGradient(to: model.parameters)
        return values
    }

    /// How the model does after a step on what is held out, where that is due.
    func probe(
        afterSteps step: Int, _ measure: (_ examples: [Int32], _ set: TrainingSet) -> ProbeResult
    ) -> [String: Double] {
        honeypots?.probe(afterSteps: step, measure) ?? [:]
    }

    /// Looks at the weights after a step, and after the last one leaves their average.
    func follow(_ model: CausalLanguageModel, isLast: Bool) {
        average?.follow(model.parameters, isLast: isLast)
    }

    var state: [String: Tensor] { average?.state ?? [:] }

    func load(_ state: [String: Tensor]) throws(TensorError) { try average?.load(state) }
}

extension TrainingSet {
    /// The prompt's tokens of an example.
    func prompt(of index: Int) -> [Int32] { Array(tokens(of: index).prefix(Int(entries[index].promptCount))) }
}
