/// Makes a checkpoint that passed its gate the active one.
struct PromotePayload: JobPayload {
    let model: String
    let checkpoint: Int64

    enum CodingKeys: String, CodingKey, CaseIterable {
        case model, checkpoint
    }
}
