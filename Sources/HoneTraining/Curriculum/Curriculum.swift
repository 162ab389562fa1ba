/// Which examples each step sees, phase after phase.
struct Curriculum {
    private var phases: [(firstStep: Int, plan: BatchPlan)]

    init(_ configuration: SFTConfiguration, set: TrainingSet) throws(TrainingError) {
        let everything = SFTConfiguration.Phase(steps: configuration.steps, levels: nil)
        var firstStep = 0
        phases = []
        for (number, phase) in (configuration.curriculum.isEmpty ? [everything] : configuration.curriculum).enumerated()
        {
            let members = set.entries.indices.filter { index in
                phase.levels?.contains(Int(set.entries[index].level)) ?? true
            }
            guard !members.isEmpty else {
                let wanted = phase.levels.map { "phase \(number + 1) asks for levels \($0) and no example has one" }
                throw .noExamples(wanted ?? "the data set is empty")
            }
            let seed = configuration.seed &+ UInt64(number) &* 0xA24B_AED4_963E_E407
            let once = members.map(Int32.init)
            let plan = BatchPlan(
                set: set, members: configuration.rareShapes?.repeated(once, of: set, seed: seed) ?? once,
                tokensPerBatch: configuration.tokensPerBatch, seed: seed)
            phases.append((firstStep, plan))
            firstStep += phase.steps
        }
    }

    /// The examples of the step with this number, counted from 0.
    mutating func batch(atStep step: Int) -> [Int32] {
        let phase = phases.lastIndex { $0.firstStep <= step } ?? 0
        return phases[phase].plan.batch(atStep: step - phases[phase].firstStep)
    }
}
