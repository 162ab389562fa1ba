public import HoneModel
public import HoneTensor

/// What is asked of a quantization.
public struct QuantizationSettings: Sendable, Codable, Equatable {
    public var target: ModelQuantizer.Target
    /// At most so much of the size that the weights have in 32 bits; for `mixed`, which is the best within it.
    public var budgetSize: Double?
    /// At most so many points of a hundred may be lost on the examples that are measured.
    public var budgetLoss: Double?
    /// This share of every layer's inputs, the nearest to 0, count as 0 and are not read for a single row (TEAL).
    public var sparsity = 0.0
    /// How keys and values are to be kept where the model is served.
    public var cache = KeyValuePages.Entry.float32
    /// Examples whose solutions the layers are looked at on.
    public var calibrationCount = 256
    /// Tokens on which every layer's sensitivity is measured.
    public var sensitivityTokens = 2048
    /// Examples that parent and child are compared on.
    public var measuredCount = 1000
    public var maximumNewTokens = 256

    /// What `mixed` is held to where nothing is said.
    public static let defaultBudgetSize = 0.3

    public init(_ target: ModelQuantizer.Target) { self.target = target }

    func validate() throws(WorkerError) {
        func require(_ holds: Bool, _ key: String, _ fault: String) throws(WorkerError) {
            if !holds { throw .payload(key: key, fault: fault) }
        }
        try require(budgetSize.map { $0 > 0 && $0 <= 1 } ?? true, "budget_size", "must be a share from 0 to 1")
        try require(
            budgetSize == nil || target == .mixed, "budget_size", "is for \"to\": \"mixed\"; the others have one size")
        try require(budgetLoss.map { $0 >= 0 && $0 <= 100 } ?? true, "budget_loss", "must be points from 0 to 100")
        try require((0..<1).contains(sparsity), "sparsity", "must be a share from 0 to below 1")
        try require((1...100_000).contains(calibrationCount), "calibration", "must be from 1 to 100000")
        try require((1...1_000_000).contains(measuredCount), "limit", "must be from 1 to 1000000")
        try require((1...4096).contains(maximumNewTokens), "max_new_tokens", "must be between 1 and 4096")
    }
}
