/// Decides whether a candidate may be served.
struct GatePayload: JobPayload {
    let model: String
    /// The candidate.
    let checkpoint: Int64
    /// The candidate's evaluation that the decision rests on.
    let evaluation: Int64
    /// Metrics of that evaluation and the least that each must reach.
    let require: [String: Double]?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case model, checkpoint, evaluation, require
    }
}
