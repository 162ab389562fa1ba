// Which groups of answers a step learns from.
extension PPOTrainer {
    /// A step's answers with their verdicts, and how long it took to get them.
    struct Sampling {
        var rollouts: [Rollout] = []
        var measures: [String: Double] = [:]
        var samplingSeconds = 0.0
        var scoringSeconds = 0.0
    }

    /// Answers to the prompts of this step. With an admission gate they are to the prompts that it asks, round by
    /// round, without the groups that it drops.
    ///
    /// Where it drops all, the last round's are learnt from as they are: they move nothing but what the divergence
    /// does.
    func sampleAndJudge() throws -> Sampling {
        guard var gate = admission else { return try round(prompts.batch(atStep: step), number: 0) }
        gate.beginStep(step)
        var (whole, last) = (Sampling(), Sampling())
        var (number, groupCount) = (0, 0)
        while let asked = gate.nextPrompts(admitted: groupCount, of: configuration.promptsPerStep) {
            last = try round(asked.map { prompts.learnt[$0] }, number: number)
            for (place, group) in zip(asked, last.rollouts.chunked(by: configuration.samplesPerPrompt))
            where gate.admit(place, scores: group.map(\.verdict.score)) {
                whole.rollouts += group.map { rollout in
                    var rollout = rollout
                    rollout.group = groupCount
                    return rollout
                }
                groupCount += 1
            }
            // Of the first round alone: its prompts are not chosen by how the others of the step turned out.
            if number == 0 { whole.measures = last.measures }
            whole.samplingSeconds += last.samplingSeconds
            whole.scoringSeconds += last.scoringSeconds
            number += 1
        }
        admission = gate
        if whole.rollouts.isEmpty { whole.rollouts = last.rollouts }
        return whole
    }

    private func round(_ places: [Int], number: Int) throws -> Sampling {
        let started = ContinuousClock.now
        var sampling = Sampling(rollouts: try sample(places, round: number))
        let sampled = ContinuousClock.now
        sampling.measures = judge(&sampling.rollouts)
        sampling.samplingSeconds = (sampled - started) / .seconds(1)
        sampling.scoringSeconds = (ContinuousClock.now - sampled) / .seconds(1)
        return sampling
    }
}

extension Array {
    /// Neighbours in groups of `count`.
    fileprivate func chunked(by count: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
    }
}
