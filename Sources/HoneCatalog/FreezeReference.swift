/// A freeze of labels as a training job fixes it and its checkpoint names it.
public struct FreezeReference: Codable, Sendable, Equatable {
    public let id: Int64
    public let name: String
    /// What its rows are.
    public let form: String
    public let count: Int
    /// Over exactly the rows.
    public let sha256: String

    public init(id: Int64, name: String, form: String, count: Int, sha256: String) {
        self.id = id
        self.name = name
        self.form = form
        self.count = count
        self.sha256 = sha256
    }

    enum CodingKeys: String, CodingKey {
        case id, form, count, sha256
        case name = "freeze"
    }
}

/// What a training reads, fixed before its first step, so that every attempt reads the same.
public enum TrainingData: Sendable, Equatable {
    /// Examples of a dataset.
    case cut(DataCut)
    /// Labels.
    case freeze(FreezeReference)
    /// Verified answers to examples of a dataset.
    case verdicts(VerdictCut, on: DataCut)
}

extension TrainingData: Encodable {
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .cut(let cut): try cut.encode(to: encoder)
        case .freeze(let freeze): try freeze.encode(to: encoder)
        case .verdicts(let verdicts, let cut):
            try cut.encode(to: encoder)
            var container = encoder.container(keyedBy: VerdictKey.self)
            try container.encode(verdicts, forKey: .verdicts)
        }
    }

    private enum VerdictKey: CodingKey {
        case verdicts
    }
}

/// A reward model that gives the rewards of a training.
public struct CheckpointJudge: Sendable, Hashable {
    public enum Role: String, Sendable {
        /// Judges whole answers.
        case outcome
        /// Judges steps.
        case process
    }

    public let checkpoint: Int64
    public let role: Role

    public init(checkpoint: Int64, role: Role) {
        self.checkpoint = checkpoint
        self.role = role
    }
}
