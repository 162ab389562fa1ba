/// One answer, as a judge sees it.
public struct AnswerToJudge: Sendable, Equatable {
    public var prompt: String
    public var completion: String
    public var promptTokens: [Int32]
    /// Of the answer, with the end token where it was written.
    public var tokens: [Int32]
    /// What the verifier said where it was asked already; it is not asked again then.
    public var verified: RewardVerdict?

    public init(prompt: String, completion: String, promptTokens: [Int32], tokens: [Int32]) {
        self.prompt = prompt
        self.completion = completion
        self.promptTokens = promptTokens
        self.tokens = tokens
    }
}

/// What a judge says about one answer.
public struct JudgedAnswer: Sendable, Equatable {
    /// What is learnt from.
    public var verdict: RewardVerdict
    /// What else was measured, by name: it goes on record, and nothing is learnt from it.
    public var measures: [String: Double]

    public init(_ verdict: RewardVerdict, measures: [String: Double] = [:]) {
        self.verdict = verdict
        self.measures = measures
    }
}

/// Judges answers, many at a time: a network does so much faster than one by one.
///
/// It is called on the thread of the trainer that holds it.
public protocol AnswerJudging {
    /// One judgement an answer, in their order.
    func judge(_ answers: [AnswerToJudge]) -> [JudgedAnswer]
}

/// Judges one by one.
struct SingleAnswerJudge: AnswerJudging {
    let reward: RewardFunction

    func judge(_ answers: [AnswerToJudge]) -> [JudgedAnswer] {
        answers.map { JudgedAnswer($0.verified ?? reward($0.prompt, $0.completion, $0.tokens)) }
    }
}
