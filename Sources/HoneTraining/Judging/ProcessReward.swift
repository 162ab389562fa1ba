public import HoneTokenizer

/// How a process reward model's probabilities become rewards of a policy.
public struct ProcessReward: Codable, Sendable, Equatable {
    public enum Placement: String, Codable, Sendable, CaseIterable {
        /// The solution's score, at the last token.
        case end
        /// What each step changes in the score so far, at the token where it ends. The sum is the solution's score, so
        /// that many steps earn no more than few.
        case steps
    }

    public var aggregation = StepAggregation.minimum
    public var placement = Placement.end

    public init(aggregation: StepAggregation = .minimum, placement: Placement = .end) {
        self.aggregation = aggregation
        self.placement = placement
    }

    /// What the steps of an answer earn, and the part that counts for the whole. An answer without steps has earned
    /// nothing.
    func rewards(_ probabilities: [Double], at positions: [Int]) -> (whole: Double, steps: [RewardVerdict.StepReward]) {
        switch placement {
        case .end: return (aggregation.score(probabilities) ?? 0, [])
        case .steps:
            var before = 0.0
            let steps = zip(positions, probabilities.indices).map { position, index in
                let now = aggregation.score(Array(probabilities[...index])) ?? 0
                defer { before = now }
                return RewardVerdict.StepReward(position: position, value: now - before)
            }
            return (0, steps)
        }
    }
}

/// The lines of a worked answer as tokens: where each step ends.
public struct StepSeparator: Sendable {
    private let lineBreak: Int32
    private let answerMark: [Int32]

    public init(_ tokenizer: ByteTokenizer) {
        lineBreak = tokenizer.encode("\n")[0]
        answerMark = tokenizer.encode("####")
    }

    /// Places of the line breaks that end steps: of lines with something on them, up to the final answer's.
    public func ends(in answer: [Int32]) -> [Int] {
        var ends: [Int] = []
        var start = 0
        for (place, token) in answer.enumerated() where token == lineBreak {
            let line = answer[start..<place]
            if line.starts(with: answerMark) { break }
            if !line.isEmpty { ends.append(place) }
            start = place + 1
        }
        return ends
    }
}
