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
        /// Training problems per level.
        let count: Int
        /// Held-out problems per level.
        let heldout: Int
        /// All levels if left out.
        let levels: [Int]?
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, generate, path, format, split
    }

    func validate() throws(WorkerError) {
        try require((generate == nil) != (path == nil), .generate, "or \"path\" must be there, and not both")
        guard let generate else { return }
        try require(
            (0...1_000_000).contains(generate.count) && (0...1_000_000).contains(generate.heldout), .generate,
            "counts must be between 0 and 1000000")
        try require(generate.count + generate.heldout > 0, .generate, "asks for no problems at all")
    }
}
