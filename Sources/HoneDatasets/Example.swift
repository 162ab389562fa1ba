/// One problem of a dataset: what is asked, the reference answer, and the worked steps where the source gives them.
public struct Example: Sendable, Equatable {
    /// The question as the model sees it, whitespace normalised.
    public var prompt: String
    /// The reference answer; numbers in plain decimal form ("1000", "0.2").
    public var answer: String
    /// Steps that a program can check, each `expression=value`.
    public var steps: [String]
    /// The part of the dataset it belongs to: `train`, `test`, …
    public var split: String
    /// Where it was published, for example `gsm8k`.
    public var source: String?
    /// Difficulty, where the source grades it.
    public var level: Int?
    /// What else the source says: its identifier, the equation, the unit of the answer.
    public var metadata: [String: JSONValue]

    public init(
        prompt: String, answer: String, steps: [String] = [], split: String = "train", source: String? = nil,
        level: Int? = nil, metadata: [String: JSONValue] = [:]
    ) {
        self.prompt = prompt
        self.answer = answer
        self.steps = steps
        self.split = split
        self.source = source
        self.level = level
        self.metadata = metadata
    }
}

extension Example: Encodable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case prompt, answer, steps, split, source, level, metadata
    }
}
