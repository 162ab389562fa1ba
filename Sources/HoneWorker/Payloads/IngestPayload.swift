/// Adds examples to a dataset: generated ones, or those of a file that the worker can read.
struct IngestPayload: JobPayload {
    let dataset: String
    let generate: Generation?
    let path: String?
    /// The file's format; told by its content if left out.
    let format: String?
    /// Overrides what the file says.
    let split: String?
    /// So many of a hundred questions of the file go to the split `heldout`; none if left out.
    let holdOut: Int?
    /// So many examples with other numbers, and in other words, for each of the file that is not held out.
    let vary: Int?
    let reword: Int?

    /// How many problems the built-in generator makes.
    struct Generation: Decodable, Sendable {
        let seed: UInt64
        /// Levels 1, 2 and 3 if left out.
        let levels: [Int]?
        /// Training problems.
        let trainCount: Counts
        /// Held-out problems.
        let testCount: Counts
        /// The share of training problems that are shown without their steps, as by people who answer at once; none if
        /// left out. A model that learns from both has both habits, and something to learn from rewards.
        let answeredAtOnce: Double?

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case seed, levels
            case trainCount = "train_count"
            case testCount = "test_count"
            case answeredAtOnce = "answered_at_once"
        }

        init(from decoder: any Decoder) throws {
            try decoder.refuseStrangers(CodingKeys.self)
            let container = try decoder.container(keyedBy: CodingKeys.self)
            seed = try container.decode(UInt64.self, forKey: .seed)
            levels = try container.decodeIfPresent([Int].self, forKey: .levels)
            trainCount = try container.decode(Counts.self, forKey: .trainCount)
            testCount = try container.decode(Counts.self, forKey: .testCount)
            answeredAtOnce = try container.decodeIfPresent(Double.self, forKey: .answeredAtOnce)
        }
    }

    /// One number for every level, or an array with one for each.
    enum Counts: Decodable, Sendable {
        case same(Int)
        case each([Int])

        init(from decoder: any Decoder) throws {
            do {
                _ = try decoder.unkeyedContainer()
            } catch DecodingError.typeMismatch {
                self = .same(try Int(from: decoder))
                return
            }
            self = .each(try [Int](from: decoder))
        }

        /// - Returns: One number per level; nil if there are not so many.
        func perLevel(_ levelCount: Int) -> [Int]? {
            switch self {
            case .same(let count): Array(repeating: count, count: levelCount)
            case .each(let counts): counts.count == levelCount ? counts : nil
            }
        }
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, generate, path, format, split, vary, reword
        case holdOut = "hold_out"
    }

    func validate() throws(WorkerError) {
        try require((generate == nil) != (path == nil), .generate, "or \"path\" must be there, and not both")
        try require(
            generate?.levels?.isEmpty != true, .generate, "has no level in \"levels\"; it is 1, 2 and 3 if left out")
        try require((0..<100).contains(holdOut ?? 0), .holdOut, "must lie between 0 and 99")
        try require((0...1000).contains(vary ?? 0), .vary, "must lie between 0 and 1000")
        try require((0...1000).contains(reword ?? 0), .reword, "must lie between 0 and 1000")
        try require(
            (0...1).contains(generate?.answeredAtOnce ?? 0), .generate,
            "has an \"answered_at_once\" that does not lie between 0 and 1")
    }
}
