internal import Crypto
internal import HoneModel
internal import HoneTensor
internal import HoneTokenizer

/// What a run with a memory or with adapters holds from before it began.
struct RunStart {
    /// The model that the run started from; nil at the start, where it is the model that is trained.
    var model: CausalLanguageModel?
    /// Old examples, if there are any.
    var old: TrainingSet?
    /// The early exit beside the weights that the run goes on from, if there is one.
    var exit: EarlyExit?
}

extension TrainingSet {
    /// Old examples as tokens; nil where there are none. Those that do not fit the context are left out, since the
    /// model could not have learnt them.
    init?(old examples: [TrainingExample], tokenizer: ByteTokenizer, maximumLength: Int) throws {
        let fitting = examples.filter {
            tokenizer.encode($0.prompt).count + tokenizer.encode($0.completion).count < maximumLength
        }
        if fitting.isEmpty { return nil }
        try self.init(fitting, tokenizer: tokenizer, maximumLength: maximumLength)
    }
}

extension SFTTrainer {
    /// SHA-256 of all examples that the run reads, old ones included.
    var dataHash: String {
        guard configuration.memory?.needsExamples == true, let old = start.old else { return set.hash }
        return SHA256.hash(data: Array((set.hash + old.hash).utf8)).hexadecimal
    }
}

extension SFTConfiguration {
    /// Whether the run goes on only beside the model that it started from.
    public var needsStart: Bool { memory != nil || adapters != nil }

    func requireNoStart() throws(TrainingError) {
        for (key, isSet) in [("memory", memory != nil), ("adapters", adapters != nil)] where isSet {
            throw .configuration(key: key, reason: "wants a checkpoint to start from, and the run begins at random")
        }
    }

    func validateMemory() throws(TrainingError) {
        try memory?.validate()
        guard let adapters else { return }
        if adapters.rank < 1 {
            throw .configuration(key: "adapters.rank", reason: "must be at least 1, is \(adapters.rank)")
        }
        if memory?.elastic != nil || memory?.averaging != nil {
            throw .configuration(
                key: "adapters",
                reason: "leave the weights as they are, so memory.elastic and memory.averaging have "
                    + "nothing to hold; give one of the two")
        }
    }
}

extension CausalLanguageModel {
    /// The adapters where there are any, else all weights.
    var trainedParameters: [NamedParameter] {
        let adapters = adapterParameters
        return adapters.isEmpty ? namedParameters : adapters
    }
}
