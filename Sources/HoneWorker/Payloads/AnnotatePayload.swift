import HoneFeedback

/// A simulated annotator: what it values, how often it errs, and what it answers.
struct AnnotatePayload: JobPayload {
    /// Its name among the labellers; made of the seed if left out.
    let name: String?
    let seed: UInt64
    /// preference, steps and rating; all three if left out.
    let kinds: [String]?
    /// The share of judgements that are turned into their opposite.
    let flipRate: Double?
    let utility: AnswerUtility?
    /// At most so many labels; as many as there are open slots if left out.
    let limit: Int?
    /// Pretended seconds a lease; a short one comes back soon when the worker dies.
    let leaseSeconds: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, seed, kinds, utility, limit
        case flipRate = "flip_rate"
        case leaseSeconds = "lease_seconds"
    }

    static let answerable: [LabelKind] = [.preference, .steps, .rating]

    var wantedKinds: [LabelKind] {
        get throws(WorkerError) {
            guard let kinds else { return Self.answerable }
            var wanted: [LabelKind] = []
            for name in kinds {
                guard let kind = LabelKind(rawValue: name), Self.answerable.contains(kind) else {
                    throw .payload(
                        key: "kinds", fault: "has \"\(name)\"; preference, steps and rating can be simulated")
                }
                wanted.append(kind)
            }
            return wanted
        }
    }

    func validate() throws(WorkerError) {
        try require((0...1).contains(flipRate ?? 0), .flipRate, "must lie between 0 and 1")
        try require((limit ?? 1) >= 1, .limit, "must be 1 or more")
        try require((1...604_800).contains(leaseSeconds ?? 60), .leaseSeconds, "must lie between 1 and 604800")
        try require(kinds?.isEmpty != true, .kinds, "is empty")
        try require(
            utility?.isIndifferent != true, .utility, "gives none of answer, steps, brevity and format a weight")
        _ = try wantedKinds
    }
}
