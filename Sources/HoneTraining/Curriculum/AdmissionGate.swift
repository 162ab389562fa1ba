internal import Foundation

/// Which prompts a step of reinforcement learning asks, and which groups of answers it learns from.
///
/// A group whose answers all have one score teaches nothing where advantages are relative to the group; such groups are
/// dropped and others sampled in their place (Yu et al. 2025, DAPO, arXiv:2503.14476, section 3.2). So that few need to
/// be dropped, prompts are drawn by the pass rate p measured so far, in proportion to the variance p(1 - p) of a score
/// of 0 or 1, which is the greatest at one half.
///
/// ```swift
/// gate.beginStep(step)
/// while let prompts = gate.nextPrompts(admitted: groups.count, of: promptsPerStep) {
///     for group in sampleAndJudge(prompts) where gate.admit(group.prompt, scores: group.scores) {
///         groups.append(group)
///     }
/// }
/// ```
/// Draws are functions of the seed, the step and the state; the state is part of a run's checkpoint.
public struct AdmissionGate: Sendable {
    /// What a run carries from step to step.
    public struct State: Codable, Sendable, Equatable {
        /// Of every prompt asked so far, by its place.
        var records: [Int: Record] = [:]
        /// Steps that ended with fewer groups than asked for.
        public internal(set) var shortStepCount = 0
        /// Groups admitted, and groups dropped for having one score, in the whole run.
        public internal(set) var admittedCount = 0
        public internal(set) var droppedCount = 0

        enum CodingKeys: String, CodingKey {
            case records
            case shortStepCount = "short_steps"
            case admittedCount = "admitted"
            case droppedCount = "dropped"
        }
    }

    /// A prompt's running pass rate.
    struct Record: Codable, Equatable {
        /// Answers judged, of which older ones count less.
        var weight: Double
        /// Their mean score within 0...1.
        var passRate: Double

        enum CodingKeys: String, CodingKey {
            case weight
            case passRate = "pass_rate"
        }
    }

    public let configuration: AdmissionConfiguration
    public private(set) var state = State()
    private let promptCount: Int
    private let seed: UInt64
    private var step = 0
    private var round = 0
    private var asked: Set<Int> = []

    /// A gate before `promptCount` prompts, of which there must be some.
    public init(_ configuration: AdmissionConfiguration, promptCount: Int, seed: UInt64) throws(TrainingError) {
        try configuration.validate()
        guard promptCount > 0 else { throw .noExamples("there are no prompts") }
        self.configuration = configuration
        self.promptCount = promptCount
        self.seed = seed
    }

    /// Goes on where a checkpoint was written, which is between steps.
    public mutating func restore(_ state: State) { self.state = state }

    /// Begins the step with this number, counted from 0.
    public mutating func beginStep(_ step: Int) {
        (self.step, round, asked) = (step, 0, [])
    }

    /// The prompts to ask next in this step, none of them twice; nil where enough groups are admitted, the rounds are
    /// used up, or every prompt was asked.
    public mutating func nextPrompts(admitted: Int, of wanted: Int) -> [Int]? {
        guard admitted < wanted else { return nil }
        guard round < configuration.maximumRounds, asked.count < promptCount else {
            state.shortStepCount += 1
            return nil
        }
        let prompts = draw(wanted - admitted)
        round += 1
        asked.formUnion(prompts)
        return prompts
    }

    /// Takes in the scores of the answers to a prompt, nil for one that could not be judged, and says whether the step
    /// shall learn from them.
    ///
    /// What could not be judged counts neither as right nor as wrong.
    public mutating func admit(_ prompt: Int, scores: [Double?]) -> Bool {
        let judged = scores.compactMap { $0 }
        guard let first = judged.first else { return false }
        var record = state.records[prompt] ?? Record(weight: 0, passRate: 0)
        let kept = record.weight * configuration.memory
        record.weight = kept + Double(judged.count)
        let passes = judged.reduce(0) { $0 + min(max($1, 0), 1) }
        record.passRate = (kept * record.passRate + passes) / record.weight
        state.records[prompt] = record
        let isMixed = judged.contains { $0 != first }
        if isMixed { state.admittedCount += 1 } else { state.droppedCount += 1 }
        return isMixed || !configuration.dropsUniform
    }

    /// The pass rate of a prompt as the gate believes it; one half before it was asked.
    ///
    /// This is the mean under a flat prior, so that a prompt that failed in a few answers is not taken for hopeless.
    public func passRate(of prompt: Int) -> Double {
        guard let record = state.records[prompt] else { return 0.5 }
        return (record.passRate * record.weight + 1) / (record.weight + 2)
    }

    /// How likely a prompt is drawn beside others: 1 where half its answers pass, `floor` at least.
    public func preference(of prompt: Int) -> Double {
        let passRate = passRate(of: prompt)
        return max(configuration.floor, 4 * passRate * (1 - passRate))
    }

    /// Draws prompts that were not asked in this step, by their preference and without putting back: each has the key
    /// ln(u) / w, and those of the greatest keys are drawn (Efraimidis and Spirakis 2006, algorithm A).
    private func draw(_ count: Int) -> [Int] {
        var random = SplitMix64(
            seed: seed &+ 0xC2B2_AE3D_27D4_EB4F, stream: UInt64(step) &* 1024 &+ UInt64(round))
        var keys: [(key: Double, prompt: Int)] = []
        for prompt in 0..<promptCount {
            let uniform = Double((random.next() >> 11) + 1) * 0x1p-53
            if !asked.contains(prompt) { keys.append((log(uniform) / preference(of: prompt), prompt)) }
        }
        return keys.sorted { $0.key > $1.key }.prefix(count).map(\.prompt)
    }
}
