import HoneCatalog
import HoneTraining

/// Who judges a policy's answers, and how much each counts. Without it the verifier alone.
struct RewardSettings: Decodable, Sendable {
    /// Weight of the exact checker against the reference answers; 0 measures by it and does not learn from it.
    let verifier: Double
    /// Milliseconds that the verifier may take for an answer, in a process of its own that is killed then; nil for the
    /// exact checker, which is bounded by construction.
    let verifierLimit: Int?
    let outcome: Outcome?
    let process: Process?

    struct Outcome: Decodable, Sendable {
        /// One reward model, or several that are asked together.
        let checkpoints: [Int64]
        let weight: Double
        let disagreementPenalty: Double

        fileprivate enum CodingKeys: String, CodingKey, CaseIterable {
            case checkpoints, weight
            case disagreementPenalty = "disagreement_penalty"
        }

        init(from decoder: any Decoder) throws {
            try decoder.refuseStrangers(CodingKeys.self)
            let container = try decoder.container(keyedBy: CodingKeys.self)
            checkpoints = try container.decode([Int64].self, forKey: .checkpoints)
            weight = try container.decodeIfPresent(Double.self, forKey: .weight) ?? 1
            disagreementPenalty = try container.decodeIfPresent(Double.self, forKey: .disagreementPenalty) ?? 0
        }
    }

    struct Process: Decodable, Sendable {
        let checkpoint: Int64
        let weight: Double
        let reward: ProcessReward

        fileprivate enum CodingKeys: String, CodingKey, CaseIterable {
            case checkpoint, weight, aggregation, placement
        }

        init(from decoder: any Decoder) throws {
            try decoder.refuseStrangers(CodingKeys.self)
            let container = try decoder.container(keyedBy: CodingKeys.self)
            checkpoint = try container.decode(Int64.self, forKey: .checkpoint)
            weight = try container.decodeIfPresent(Double.self, forKey: .weight) ?? 1
            reward = ProcessReward(
                aggregation: try container.decodeIfPresent(StepAggregation.self, forKey: .aggregation) ?? .minimum,
                placement: try container.decodeIfPresent(ProcessReward.Placement.self, forKey: .placement) ?? .end)
        }
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case verifier, outcome, process
        case verifierLimit = "verifier_limit_ms"
    }

    /// The verifier's verdict is the reward.
    init() {
        (verifier, verifierLimit, outcome, process) = (1, nil, nil, nil)
    }

    /// A reward model takes the verifier's place unless that is given a weight.
    init(from decoder: any Decoder) throws {
        try decoder.refuseStrangers(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        outcome = try container.decodeIfPresent(Outcome.self, forKey: .outcome)
        process = try container.decodeIfPresent(Process.self, forKey: .process)
        verifierLimit = try container.decodeIfPresent(Int.self, forKey: .verifierLimit)
        let usual = outcome == nil && process == nil ? 1.0 : 0
        verifier = try container.decodeIfPresent(Double.self, forKey: .verifier) ?? usual
    }

    var judges: [CheckpointJudge] {
        let outcomes = (outcome?.checkpoints ?? []).map { CheckpointJudge(checkpoint: $0, role: .outcome) }
        return outcomes + (process.map { [CheckpointJudge(checkpoint: $0.checkpoint, role: .process)] } ?? [])
    }

    /// What is wrong with it; nil if nothing is.
    var fault: String? {
        let weights = [verifier, outcome?.weight, process?.weight, outcome?.disagreementPenalty].compactMap(\.self)
        if let verifierLimit, !(1...3_600_000).contains(verifierLimit) {
            return "has a \"verifier_limit_ms\" outside 1 to 3600000"
        }
        if weights.contains(where: { $0 < 0 || !$0.isFinite }) { return "has a weight below 0" }
        if verifier == 0, outcome?.weight ?? 0 == 0, process?.weight ?? 0 == 0 { return "gives no judge any weight" }
        guard let outcome else { return nil }
        if outcome.checkpoints.isEmpty { return "names no checkpoint under \"outcome\"" }
        return Set(outcome.checkpoints).count == outcome.checkpoints.count
            ? nil : "names a checkpoint twice under \"outcome\""
    }
}
