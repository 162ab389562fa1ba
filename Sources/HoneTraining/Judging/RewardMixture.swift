/// A policy's reward from several judges, each with its weight: an exact verifier, outcome reward models, a process
/// reward model.
///
/// An answer that one of them cannot judge has no reward at all. A judge without weight only measures.
public struct RewardMixture: AnswerJudging {
    public struct Outcome {
        public var ensemble: RewardEnsemble
        public var weight: Double
        /// Taken off for each unit by which the members disagree, so that no one of them can be exploited alone (Coste
        /// et al. 2023, arXiv:2310.02743, equation 3 in deviations).
        public var disagreementPenalty: Double

        public init(_ ensemble: RewardEnsemble, weight: Double = 1, disagreementPenalty: Double = 0) {
            self.ensemble = ensemble
            self.weight = weight
            self.disagreementPenalty = disagreementPenalty
        }
    }

    public struct Process {
        public var model: RewardModel
        public var weight: Double
        public var reward: ProcessReward

        public init(_ model: RewardModel, weight: Double = 1, reward: ProcessReward = ProcessReward()) {
            self.model = model
            self.weight = weight
            self.reward = reward
        }
    }

    /// Judges exactly; with a weight of 0 it is only measured, as `verifier`.
    public var verifier: RewardFunction?
    public var verifierWeight: Double
    public var outcome: Outcome?
    public var process: Process?

    public init(
        verifier: RewardFunction? = nil, verifierWeight: Double = 1, outcome: Outcome? = nil, process: Process? = nil
    ) {
        self.verifier = verifier
        self.verifierWeight = verifierWeight
        self.outcome = outcome
        self.process = process
    }

    public func judge(_ answers: [AnswerToJudge]) -> [JudgedAnswer] {
        var sums = answers.map { _ in Sum() }
        if let outcome { add(outcome, answers, &sums) }
        if let process { add(process, answers, &sums) }
        if let verifier {
            for (index, answer) in answers.enumerated() {
                let verdict = answer.verified ?? verifier(answer.prompt, answer.completion, answer.tokens)
                sums[index].add(verdict, weight: verifierWeight)
            }
        }
        return sums.map(\.judged)
    }

    private func add(_ outcome: Outcome, _ answers: [AnswerToJudge], _ sums: inout [Sum]) {
        let opinions = outcome.ensemble.opinions(on: answers.map { $0.promptTokens + $0.tokens })
        for (index, opinion) in opinions.enumerated() {
            guard let opinion else {
                sums[index].fault = "the reward model cannot judge it"
                continue
            }
            sums[index].whole +=
                outcome.weight * (opinion.mean - outcome.disagreementPenalty * opinion.disagreement)
            sums[index].measures["outcome_reward"] = opinion.mean
            if outcome.ensemble.members.count > 1 {
                sums[index].measures["outcome_disagreement"] = opinion.disagreement
            }
        }
    }

    private func add(_ process: Process, _ answers: [AnswerToJudge], _ sums: inout [Sum]) {
        let separator = StepSeparator(process.model.tokenizer)
        let ends = answers.map { separator.ends(in: $0.tokens) }
        let places = zip(answers, ends).map { answer, ends in ends.map { answer.promptTokens.count + $0 } }
        let found = process.model.stepProbabilities(of: answers.map { $0.promptTokens + $0.tokens }, places: places)
        for (index, probabilities) in found.enumerated() {
            guard let probabilities else {
                sums[index].fault = "the process reward model cannot judge it"
                continue
            }
            let (whole, steps) = process.reward.rewards(probabilities, at: ends[index])
            sums[index].whole += process.weight * whole
            sums[index].steps += steps.map {
                RewardVerdict.StepReward(position: $0.position, value: process.weight * $0.value)
            }
            sums[index].measures["process_reward"] = process.reward.aggregation.score(probabilities) ?? 0
        }
    }

    /// What the judges said of one answer so far.
    private struct Sum {
        var whole = 0.0
        var steps: [RewardVerdict.StepReward] = []
        var measures: [String: Double] = [:]
        var fault: String?

        mutating func add(_ verdict: RewardVerdict, weight: Double) {
            switch verdict {
            case .scored(let value, let ofSteps):
                whole += weight * value
                steps += ofSteps.map { RewardVerdict.StepReward(position: $0.position, value: weight * $0.value) }
                measures["verifier"] = value
            case .unscorable(let reason):
                if weight != 0 { fault = reason }
            }
        }

        var judged: JudgedAnswer {
            let verdict = fault.map { RewardVerdict.unscorable(reason: $0) } ?? .scored(whole, steps: steps)
            return JudgedAnswer(verdict, measures: measures)
        }
    }
}
