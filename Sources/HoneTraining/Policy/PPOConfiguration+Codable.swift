internal import HoneModel

extension PPOConfiguration {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case steps
        case promptsPerStep = "prompts_per_step"
        case samplesPerPrompt = "samples_per_prompt"
        case maximumNewTokens = "max_new_tokens"
        case temperature, epochs
        case answersPerUpdate = "answers_per_update"
        case tokensPerMicroBatch = "tokens_per_micro_batch"
        case objective, discount, lambda
        case whitensAdvantages = "whiten_advantages"
        case valueClip = "value_clip"
        case divergence
        case entropyCoefficient = "entropy_coefficient"
        case scoreLimit = "score_limit"
        case missingEndPenalty = "missing_end_penalty"
        case importance
        case maximumStaleness = "maximum_staleness"
        case samplerTolerance = "sampler_tolerance"
        case adapters, optimizer
        case criticOptimizer = "critic_optimizer"
        case limits, watch, probe, admission, seed
        case checkpointInterval = "checkpoint_interval"
        case threads
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init(steps: try settings.count(.steps))
        try settings.read(.promptsPerStep, into: &promptsPerStep)
        try settings.read(.samplesPerPrompt, into: &samplesPerPrompt)
        try settings.read(.maximumNewTokens, into: &maximumNewTokens)
        try settings.read(.temperature, into: &temperature)
        try settings.read(.epochs, into: &epochs)
        try settings.read(.answersPerUpdate, into: &answersPerUpdate)
        try settings.read(.tokensPerMicroBatch, into: &tokensPerMicroBatch)
        try settings.read(.objective, into: &objective)
        try settings.read(.discount, into: &discount)
        try settings.read(.lambda, into: &lambda)
        try settings.read(.whitensAdvantages, into: &whitensAdvantages)
        try settings.readOptional(.valueClip, into: &valueClip)
        try settings.read(.divergence, into: &divergence)
        try settings.read(.entropyCoefficient, into: &entropyCoefficient)
        try settings.read(.scoreLimit, into: &scoreLimit)
        try settings.read(.missingEndPenalty, into: &missingEndPenalty)
        try settings.readOptional(.importance, into: &importance)
        try settings.read(.maximumStaleness, into: &maximumStaleness)
        try settings.read(.samplerTolerance, into: &samplerTolerance)
        try settings.readOptional(.adapters, into: &adapters)
        if adapters != nil {
            _ = try settings.superDecoder(forKey: .adapters).settings(AdapterConfiguration.CodingKeys.self)
        }
        try settings.read(.optimizer, into: &optimizer)
        try settings.read(.criticOptimizer, into: &criticOptimizer)
        try settings.read(.limits, into: &limits)
        try settings.readOptional(.watch, into: &watch)
        try settings.readOptional(.probe, into: &probe)
        try settings.readOptional(.admission, into: &admission)
        try settings.read(.seed, into: &seed)
        try settings.read(.checkpointInterval, into: &checkpointInterval)
        try settings.read(.threads, into: &threads)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(steps, forKey: .steps)
        try container.encode(promptsPerStep, forKey: .promptsPerStep)
        try container.encode(samplesPerPrompt, forKey: .samplesPerPrompt)
        try container.encode(maximumNewTokens, forKey: .maximumNewTokens)
        try container.encode(temperature, forKey: .temperature)
        try container.encode(epochs, forKey: .epochs)
        try container.encode(answersPerUpdate, forKey: .answersPerUpdate)
        try container.encode(tokensPerMicroBatch, forKey: .tokensPerMicroBatch)
        try container.encode(objective, forKey: .objective)
        try container.encode(discount, forKey: .discount)
        try container.encode(lambda, forKey: .lambda)
        try container.encode(whitensAdvantages, forKey: .whitensAdvantages)
        // Null, since a key that is left out means the default.
        try container.encode(valueClip, forKey: .valueClip)
        try container.encode(divergence, forKey: .divergence)
        try container.encode(entropyCoefficient, forKey: .entropyCoefficient)
        try container.encode(scoreLimit, forKey: .scoreLimit)
        try container.encode(missingEndPenalty, forKey: .missingEndPenalty)
        try container.encode(importance, forKey: .importance)
        try container.encode(maximumStaleness, forKey: .maximumStaleness)
        try container.encode(samplerTolerance, forKey: .samplerTolerance)
        try container.encode(adapters, forKey: .adapters)
        try container.encode(optimizer, forKey: .optimizer)
        try container.encode(criticOptimizer, forKey: .criticOptimizer)
        try container.encode(limits, forKey: .limits)
        // Left out where there is none, as in the checkpoints from before there were watches.
        try container.encodeIfPresent(watch, forKey: .watch)
        try container.encodeIfPresent(probe, forKey: .probe)
        try container.encodeIfPresent(admission, forKey: .admission)
        try container.encode(seed, forKey: .seed)
        try container.encode(checkpointInterval, forKey: .checkpointInterval)
        try container.encode(threads, forKey: .threads)
    }
}

extension PPOConfiguration.Divergence {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case estimator, place, coefficient, target
        case stopAbove = "stop_above"
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init()
        try settings.read(.estimator, into: &estimator)
        try settings.read(.place, into: &place)
        try settings.read(.coefficient, into: &coefficient)
        try settings.readOptional(.target, into: &target)
        try settings.readOptional(.stopAbove, into: &stopAbove)
    }
}

extension PolicyObjective: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case advantage
        case policyLoss = "policy_loss"
        case clipLow = "clip_low"
        case clipHigh = "clip_high"
        case dualClip = "dual_clip"
        case aggregation
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init()
        try settings.read(.advantage, into: &estimator)
        try settings.read(.policyLoss, into: &policyLoss.kind)
        try settings.read(.clipLow, into: &policyLoss.clipLow)
        try settings.read(.clipHigh, into: &policyLoss.clipHigh)
        try settings.readOptional(.dualClip, into: &policyLoss.dualClip)
        try settings.read(.aggregation, into: &aggregation)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(estimator, forKey: .advantage)
        try container.encode(policyLoss.kind, forKey: .policyLoss)
        try container.encode(policyLoss.clipLow, forKey: .clipLow)
        try container.encode(policyLoss.clipHigh, forKey: .clipHigh)
        try container.encode(policyLoss.dualClip, forKey: .dualClip)
        try container.encode(aggregation, forKey: .aggregation)
    }
}
