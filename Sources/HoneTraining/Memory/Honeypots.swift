/// Old examples that a run is never shown, and on which it is measured as it goes.
struct Honeypots {
    private let interval: Int
    private let lastStep: Int
    private let set: TrainingSet
    private let members: [Int32]

    /// - Parameters:
    ///   - settings: how many, and how often
    ///   - set: old examples
    ///   - members: those of them that are held out
    ///   - steps: of the whole run
    init(_ settings: MemoryConfiguration.Honeypots, set: TrainingSet, members: [Int32], steps: Int) {
        interval = settings.interval
        lastStep = steps
        self.set = set
        self.members = members
    }

    /// What is found after the first step, every so many and the last one; nothing in between.
    func probe(
        afterSteps step: Int, _ measure: (_ examples: [Int32], _ set: TrainingSet) -> ProbeResult
    ) -> [String: Double] {
        guard step == 1 || step % interval == 0 || step == lastStep else { return [:] }
        let result = measure(members, set)
        return ["honeypot_accuracy": result.accuracy, "honeypot_loss": result.loss]
    }

    /// Some positions of a set, chosen by the seed, and the others; at least one is left for the others.
    static func divide(_ count: Int, held: Int, seed: UInt64) -> (held: [Int32], others: [Int32]) {
        var order = Array(0..<Int32(count))
        var random = SplitMix64(seed: seed, stream: 0x40E7)
        random.shuffle(&order)
        let heldCount = min(held, count - 1)
        return (order.prefix(heldCount).sorted(), order.dropFirst(heldCount).sorted())
    }
}
