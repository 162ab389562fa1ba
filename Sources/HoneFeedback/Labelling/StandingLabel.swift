public import HonePostgres

/// A label that nothing supersedes.
public struct StandingLabel: Sendable {
    public let id: Int64
    public let task: Int64
    public let labeller: String
    public let judgement: Judgement
    /// Of a preference: which answer of the task, whatever side it was shown on.
    public let preferred: Preferred?
    /// From taking the slot to judging; nil where it was imported.
    public let seconds: Double?

    public enum Preferred: String, Sendable, PostgresDecodable {
        case first
        case second
        case tie
        case neither
    }

    init(_ row: PostgresRow, kind: LabelKind) throws {
        id = try row.decode("label_id")
        task = try row.decode("task_id")
        labeller = try row.decode("labeller")
        preferred = try row.decode("preferred")
        seconds = try row.decode("seconds")
        do {
            judgement = try Judgement(row.decode("judgement", as: PostgresJSON.self), kind: kind)
        } catch is DecodingError {
            throw FeedbackError.badJudgement(label: id, fault: "its judgement is none of kind \(kind)")
        }
    }
}

/// Which labels are meant.
public struct LabelSelection: Sendable, Hashable {
    public var kind: LabelKind
    public var source: LabelSource
    /// Only tasks that were imported from there.
    public var origin: String?
    /// Only labels about samples of this checkpoint; of a preference, one side suffices.
    public var checkpoint: Int64?

    public init(
        _ kind: LabelKind, source: LabelSource = .person, origin: String? = nil, checkpoint: Int64? = nil
    ) {
        self.kind = kind
        self.source = source
        self.origin = origin
        self.checkpoint = checkpoint
    }
}
