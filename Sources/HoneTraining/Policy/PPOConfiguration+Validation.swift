internal import HoneModel

extension PPOConfiguration {
    /// Throws for a setting that cannot be meant, or does not go with another, naming its key.
    public func validate() throws(TrainingError) {
        let counts = [
            (steps, CodingKeys.steps), (promptsPerStep, .promptsPerStep), (samplesPerPrompt, .samplesPerPrompt),
            (maximumNewTokens, .maximumNewTokens), (epochs, .epochs), (answersPerUpdate, .answersPerUpdate),
            (tokensPerMicroBatch, .tokensPerMicroBatch),
        ]
        for (value, key) in counts { try require(value > 0, key, "must be at least 1, is \(value)") }
        try requireThreads(threads, CodingKeys.threads)
        let answers = promptsPerStep.multipliedReportingOverflow(by: samplesPerPrompt)
        try require(
            !answers.overflow && answers.partialValue <= greatestCount, CodingKeys.promptsPerStep,
            "times samples_per_prompt must be at most \(greatestCount), is \(promptsPerStep) times \(samplesPerPrompt)")
        let amounts = [
            (entropyCoefficient, CodingKeys.entropyCoefficient), (missingEndPenalty, .missingEndPenalty),
            (Double(maximumStaleness), .maximumStaleness), (Double(checkpointInterval), .checkpointInterval),
        ]
        for (value, key) in amounts {
            try require(value >= 0 && value.isFinite, key, "must not be negative, is \(value)")
        }
        for (value, key) in [(discount, CodingKeys.discount), (lambda, .lambda)] {
            try require((0...1).contains(value), key, "must lie between 0 and 1, is \(value)")
        }
        try require(
            temperature > 0 && temperature.isFinite, CodingKeys.temperature, "must be above 0, is \(temperature)")
        try require(samplerTolerance > 0, CodingKeys.samplerTolerance, "must be above 0, is \(samplerTolerance)")
        try require(scoreLimit > 0, CodingKeys.scoreLimit, "must be above 0, is \(scoreLimit)")
        try require(valueClip ?? 1 > 0, CodingKeys.valueClip, "must be above 0 or null, is \(valueClip ?? 0)")
        try require(adapters?.rank ?? 1 > 0, CodingKeys.adapters, "rank must be at least 1, is \(adapters?.rank ?? 0)")
        try divergence.validate()
        try optimizer.validate()
        try criticOptimizer.validate()
        try limits.validate()
        try watch?.validate()
        try probe?.validate()
        try admission?.validate()
        try require(
            admission?.dropsUniform != true || samplesPerPrompt > 1, CodingKeys.admission,
            "drops groups of one score, which all are with samples_per_prompt 1; set drop_uniform to false")
        try objective.validate(samplesPerPrompt: samplesPerPrompt, updatesPerBatch: updatesPerStep)
        try validateStaleness()
    }

    private func validateStaleness() throws(TrainingError) {
        guard let importance else { return }
        try require(
            temperature == 1, CodingKeys.temperature,
            "must be 1 with \"importance\", since samplers report log-probabilities at 1; is \(temperature)")
        try require(
            importance.lower >= 0 && importance.upper > importance.lower, CodingKeys.importance,
            "upper must be above lower and lower not negative, are \(importance.upper) and \(importance.lower)")
    }
}

extension PPOConfiguration.Divergence {
    fileprivate func validate() throws(TrainingError) {
        try require(
            coefficient >= 0 && coefficient.isFinite, CodingKeys.coefficient, "must not be negative, is \(coefficient)")
        if let target {
            try require(
                target.divergence > 0 && target.horizon > 0, CodingKeys.target,
                "divergence and horizon must be above 0, are \(target.divergence) and \(target.horizon)")
            try require(coefficient > 0, CodingKeys.coefficient, "must be above 0 to follow a target, is 0")
        }
        if let stopAbove {
            try require(stopAbove > 0, CodingKeys.stopAbove, "must be above 0 or null, is \(stopAbove)")
        }
    }
}
