/// A solution with a rating a step, as a process reward model reads it: up to the first wrong step, after which a
/// rating would say nothing (Lightman et al. 2023, arXiv:2305.20050, section 2.6).
public struct StepLabels: Codable, Sendable, Hashable {
    public let prompt: String
    public let steps: [String]
    /// One a step: 1 right, 0 neutral, -1 wrong, nil not rated.
    public let ratings: [Int?]
    /// Where it comes from.
    public let task: Int64
    public let labels: [Int64]
    public let sample: Int64?

    /// Merges what the labellers said: a step's rating is the one with the most weight, of equals the worse, since a
    /// model that trusts a doubtful step costs more than one that doubts a good one.
    /// - Returns: nil if no step is rated.
    init?(_ task: LabelledTask, weights: LabellerWeights) {
        guard let content = task.content, let answer = content.answers.first else { return nil }
        var ratings: [Int?] = []
        for index in answer.steps.indices {
            var votes: [Int: Double] = [:]
            for label in task.labels {
                guard case .steps(let given) = label.judgement, index < given.count, let rating = given[index] else {
                    continue
                }
                votes[rating, default: 0] += weights[label.labeller]
            }
            let rating = votes.filter { $0.value > 0 }.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
            ratings.append(rating)
            if rating == -1 { break }
        }
        while let last = ratings.last, last == nil { ratings.removeLast() }
        guard !ratings.isEmpty else { return nil }
        prompt = content.prompt
        steps = Array(answer.steps.prefix(ratings.count))
        self.ratings = ratings
        self.task = task.id
        labels = task.labels.map(\.id)
        sample = task.sample
    }
}
