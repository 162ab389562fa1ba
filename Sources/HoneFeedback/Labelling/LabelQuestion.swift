public import Foundation
public import HonePostgres

/// A slot that a labeller holds, and what is asked. It does not say which checkpoint gave which answer.
public struct LabelQuestion: Sendable {
    /// One answer as it is shown.
    public struct Answer: Codable, Sendable, Hashable {
        public let text: String
        public let steps: [String]

        public init(text: String, steps: [String] = []) {
            self.text = text
            self.steps = steps
        }
    }

    /// The slot, under its fencing token.
    public let slot: LabelSlot
    public let task: Int64
    public let kind: LabelKind
    public let prompt: String
    /// The right answer, where it is known.
    public let reference: String?
    /// Left and right for a preference, else the one that is judged.
    public let answers: [Answer]
    public let leaseUntil: Date
    /// The question as the database gave it.
    public let json: PostgresJSON

    init(_ row: PostgresRow) throws {
        slot = LabelSlot(job: try row.decode("job_id"), fence: try row.decode("fence"))
        task = try row.decode("task_id")
        kind = try row.decode("kind")
        leaseUntil = try row.decode("lease_until")
        json = try row.decode("question")
        let form = try json.decode(Form.self)
        prompt = form.prompt
        reference = form.reference
        answers = [form.left, form.right, form.answer].compactMap(\.self)
    }

    private struct Form: Decodable {
        let prompt: String
        let reference: String?
        let left: Answer?
        let right: Answer?
        let answer: Answer?
    }
}

/// A slot of a label task, which is a job, and the fencing token that every write to it must present.
public struct LabelSlot: Sendable, Hashable {
    public let job: Int64
    public let fence: Int64

    public init(job: Int64, fence: Int64) {
        self.job = job
        self.fence = fence
    }
}
