/// Adds examples to a dataset: generated ones, or those of a file that the worker can read.
struct IngestPayload: JobPayload {
    let dataset: String
    let generate: Generation?
    let path: String?
    /// The file's format; told by its content if left out.
    let format: String?
    /// Overrides what the file says.
    let split: String?

    /// How many problems of each level the built-in generator makes.
    struct Generation: Decodable, Sendable {
        let seed: UInt64
        /// All levels if left out.
        let levels: [Int]?
        /// Training problems per level.
        let trainCount: Int
        /// Held-out problems per level.
        let testCount: Int

        enum CodingKeys: String, CodingKey {
            case seed, levels
            case trainCount = "train_count"
            case testCount = "test_count"
        }
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, generate, path, format, split
    }

    func validate() throws(WorkerError) {
        try require((generate == nil) != (path == nil), .generate, "or \"path\" must be there, and not both")
        guard let generate else { return }
        try require(
            (0...1_000_000).contains(generate.trainCount) && (0...1_000_000).contains(generate.testCount), .generate,
            "counts must be between 0 and 1000000")
        try require(generate.trainCount + generate.testCount > 0, .generate, "asks for no problems at all")
    }
}
