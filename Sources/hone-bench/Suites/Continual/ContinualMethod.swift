import HoneModel
import HoneTraining

/// How a training on the next task keeps the tasks before.
enum ContinualMethod: String, CaseIterable, Sendable {
    /// The control.
    case plain
    /// The default of `"memory": {}`.
    case selfAnswers = "self-answers"
    case replay
    case hardReplay = "hard-replay"
    case elastic
    case adapters
    case average
    case interpolation

    func apply(to settings: inout SFTConfiguration) {
        let given = settings.memory
        settings.memory = nil
        var memory = given ?? MemoryConfiguration()
        if self != .selfAnswers { memory.selfAnswers = nil }
        switch self {
        case .plain: return
        case .selfAnswers: break
        case .replay: memory.replay = Self.balancedReplay
        case .hardReplay:
            memory.replay = Self.balancedReplay
            memory.replay?.hardShare = 0.25
            memory.replay?.hardCopies = 3
        case .elastic: memory.elastic = MemoryConfiguration.Elastic()
        case .adapters:
            settings.adapters = AdapterConfiguration(rank: 8, alpha: 16)
            return
        case .average: memory.averaging = .exponential(decay: 0.99)
        case .interpolation: memory.averaging = .interpolation(share: 0.5)
        }
        settings.memory = memory
    }

    /// As many old tokens in a step, and of the same weight, as the default has: so that the two differ in whose
    /// answers are learnt alone.
    private static var balancedReplay: MemoryConfiguration.Replay {
        let answers = MemoryConfiguration.SelfAnswers()
        var replay = MemoryConfiguration.Replay()
        replay.tokensPerStep = answers.tokensPerStep
        replay.weight = answers.weight
        return replay
    }
}
