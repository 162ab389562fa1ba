/// Takes what arrived in a split of a dataset since the last successful run of the pipeline.
struct ArrivalsPayload: JobPayload {
    let dataset: String
    let split: String?
    /// Whose active checkpoint the result names, as the one to go on from.
    let model: String

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, split, model
    }
}
