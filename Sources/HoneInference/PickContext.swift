internal import HoneGrammar
internal import HoneTensor

/// What a row's next token depends on besides its logits: the tokens before it, where they are penalized, a bias, and
/// the format of the answer.
struct PickContext {
    private let parameters: SamplingParameters
    private let constraint: AnswerConstraint?
    /// One for every token whose logit changes.
    private(set) var adjustments: [LogitAdjustment] = []
    private var indices: [Int32: Int] = [:]
    private var counts: [Int] = []

    init(
        _ parameters: SamplingParameters = .greedy, prompt: [Int32] = [], constraint: AnswerConstraint? = nil
    ) {
        self.parameters = parameters
        self.constraint = constraint
        for (token, bias) in parameters.logitBias.sorted(by: { $0.key < $1.key }) {
            change(token) { change, _ in change.bias = Float(bias) }
        }
        guard parameters.repetitionPenalty != 1 else { return }
        for token in prompt { change(token) { change, _ in change.repetition = Float(parameters.repetitionPenalty) } }
    }

    /// The tokens that the answer's format allows, a bit for each, once they are known; nil where all are.
    var mask: [UInt64]? { constraint?.mask }

    /// Takes the row's new token. What the format then allows is found out on another thread.
    mutating func append(_ token: Int32) {
        constraint?.append(token)
        guard parameters.penalizes else { return }
        change(token) { [parameters] change, count in
            count += 1
            change.repetition = Float(parameters.repetitionPenalty)
            change.penalty = Float(parameters.presencePenalty + parameters.frequencyPenalty * Double(count))
        }
    }

    private mutating func change(_ token: Int32, _ body: (inout LogitAdjustment, inout Int) -> Void) {
        let index = indices[token] ?? adjustments.count
        if index == adjustments.count {
            indices[token] = index
            adjustments.append(LogitAdjustment(token: token))
            counts.append(0)
        }
        body(&adjustments[index], &counts[index])
    }
}
