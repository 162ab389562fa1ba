/// How an ``AdmissionGate`` chooses. As JSON every key is optional.
public struct AdmissionConfiguration: Codable, Sendable, Equatable {
    /// Whether groups of one score are dropped and others sampled in their place.
    public var dropsUniform = true
    /// Rounds of sampling a step at most; 1 drops without sampling again.
    public var maximumRounds = 3
    /// Weight of a prompt's earlier answers each time that it is asked again: the policy has moved on since.
    public var memory = 0.5
    /// Least preference of a prompt, beside 1 for one of which half the answers pass: what is mastered or beyond reach
    /// is looked at again now and then. 1 draws all prompts alike.
    public var floor = 0.05

    public init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dropsUniform = "drop_uniform"
        case maximumRounds = "maximum_rounds"
        case memory, floor
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        try settings.read(.dropsUniform, into: &dropsUniform)
        try settings.read(.maximumRounds, into: &maximumRounds)
        try settings.read(.memory, into: &memory)
        try settings.read(.floor, into: &floor)
    }

    /// Throws for a setting that cannot be meant, naming its key.
    func validate() throws(TrainingError) {
        try require(
            (1...1024).contains(maximumRounds), CodingKeys.maximumRounds,
            "must lie between 1 and 1024, is \(maximumRounds)")
        try require((0...1).contains(memory), CodingKeys.memory, "must lie between 0 and 1, is \(memory)")
        try require(floor > 0 && floor <= 1, CodingKeys.floor, "must lie above 0, up to 1, is \(floor)")
    }
}
