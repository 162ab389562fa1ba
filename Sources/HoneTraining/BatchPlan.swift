/// Which examples every step sees: a pure function of the seed and the step, so the step is the data cursor.
///
/// Examples are sorted by padded length and cut into batches of at most a number of tokens. Every epoch reshuffles
/// the examples of one length among each other and the order of the batches. The cuts depend on the lengths alone,
/// so each epoch has the same number of batches and a step's epoch is a division.
struct BatchPlan {
    /// Rows of a batch are padded to a multiple of this many tokens.
    static let lengthMultiple = 8

    private let seed: UInt64
    /// Positions in the training set, in its order.
    private let members: [Int32]
    private let paddedLengths: [Int32]
    /// Where batches begin in the sorted order, and the end.
    private let cuts: [Int]
    private var cached: (epoch: Int, order: [Int32], batches: [Int])?

    var batchCount: Int { cuts.count - 1 }
    var exampleCount: Int { members.count }

    /// Plans batches of the `members` of `set`, of which there must be some.
    ///
    /// Rows times padded length stay within `tokensPerBatch`; an example longer than that is a batch of its own.
    init(set: TrainingSet, members: [Int32], tokensPerBatch: Int, seed: UInt64) {
        // One less than the example: the last token is only ever a target.
        let lengths = members.map { Int(set.entries[Int($0)].count) - 1 }
        self.init(members: members, lengths: lengths, tokensPerBatch: tokensPerBatch, seed: seed)
    }

    /// Plans batches of examples of the given lengths in tokens.
    init(members: [Int32], lengths: [Int], tokensPerBatch: Int, seed: UInt64) {
        precondition(!members.isEmpty, "a batch plan over no examples")
        self.seed = seed
        self.members = members
        let multiple = Int32(Self.lengthMultiple)
        paddedLengths = lengths.map { (Int32($0) + multiple - 1) / multiple * multiple }
        cuts = Self.cut(paddedLengths.sorted(), tokensPerBatch: tokensPerBatch)
    }

    private static func cut(_ sortedLengths: [Int32], tokensPerBatch: Int) -> [Int] {
        var cuts = [0]
        for (index, length) in sortedLengths.enumerated() {
            let rows = index - cuts[cuts.count - 1]
            if rows > 0, (rows + 1) * Int(length) > tokensPerBatch { cuts.append(index) }
        }
        cuts.append(sortedLengths.count)
        return cuts
    }

    /// The examples of the step with this number, counted from 0.
    mutating func batch(atStep step: Int) -> [Int32] {
        let (epoch, slot) = step.quotientAndRemainder(dividingBy: batchCount)
        let plan = plan(ofEpoch: epoch)
        let batch = plan.batches[slot]
        return Array(plan.order[cuts[batch]..<cuts[batch + 1]])
    }

    private mutating func plan(ofEpoch epoch: Int) -> (order: [Int32], batches: [Int]) {
        if let cached, cached.epoch == epoch { return (cached.order, cached.batches) }
        var random = SplitMix64(seed: seed, stream: UInt64(epoch))
        var slots = Array(members.indices)
        random.shuffle(&slots)
        slots = sortedByLength(slots)
        var batches = Array(0..<batchCount)
        random.shuffle(&batches)
        let order = slots.map { members[$0] }
        cached = (epoch, order, batches)
        return (order, batches)
    }

    /// A counting sort, stable by construction: examples of one length keep the shuffled order.
    private func sortedByLength(_ slots: [Int]) -> [Int] {
        let multiple = Int32(Self.lengthMultiple)
        var starts = [Int](repeating: 0, count: Int((paddedLengths.max() ?? 0) / multiple) + 2)
        for length in paddedLengths { starts[Int(length / multiple) + 1] += 1 }
        for index in starts.indices.dropFirst() { starts[index] += starts[index - 1] }
        var sorted = slots
        for slot in slots {
            let bucket = Int(paddedLengths[slot] / multiple)
            sorted[starts[bucket]] = slot
            starts[bucket] += 1
        }
        return sorted
    }
}
