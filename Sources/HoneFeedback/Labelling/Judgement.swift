import Foundation
public import HonePostgres

/// What a labeller says about a question.
public enum Judgement: Sendable, Hashable {
    /// `strength` from 1 (hardly better) to 4 (far better), where a side is preferred.
    case preference(Choice, strength: Int?)
    /// One rating a step: 1 right, 0 neutral, -1 wrong, nil not rated; may end early at a wrong one.
    case steps([Int?])
    /// From 1 to 5.
    case rating(Int)
    /// The answer as it should have been.
    case correction(steps: [String], answer: String)

    /// The sides as they were shown to the labeller, or as they stand in the task where nothing was shuffled.
    public enum Choice: String, Codable, Sendable, CaseIterable, PostgresDecodable {
        case left
        case right
        /// Both equally good.
        case tie
        /// Both bad.
        case neither

        /// Whether one of the two answers is preferred.
        var isSide: Bool { self == .left || self == .right }
    }

    public var kind: LabelKind {
        switch self {
        case .preference: .preference
        case .steps: .steps
        case .rating: .rating
        case .correction: .correction
        }
    }
}

extension Judgement: Encodable {
    enum CodingKeys: String, CodingKey {
        case choice, strength, ratings, rating, steps, answer
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .preference(let choice, let strength):
            try container.encode(choice, forKey: .choice)
            try container.encodeIfPresent(strength, forKey: .strength)
        case .steps(let ratings):
            try container.encode(ratings, forKey: .ratings)
        case .rating(let rating):
            try container.encode(rating, forKey: .rating)
        case .correction(let steps, let answer):
            try container.encode(steps, forKey: .steps)
            try container.encode(answer, forKey: .answer)
        }
    }
}

extension Judgement {
    /// Reads the JSON of a judgement of that kind; what the database holds has been checked there.
    /// - Throws: `DecodingError`.
    public init(_ json: PostgresJSON, kind: LabelKind) throws {
        let form = try json.decode(Form.self)
        self = try form.judgement(kind: kind)
    }

    init(from decoder: any Decoder, kind: LabelKind) throws {
        self = try Form(from: decoder).judgement(kind: kind)
    }

    /// All keys of all kinds.
    private struct Form: Decodable {
        let choice: Choice?
        let strength: Int?
        let ratings: [Int?]?
        let rating: Int?
        let steps: [String]?
        let answer: String?

        func judgement(kind: LabelKind) throws -> Judgement {
            switch kind {
            case .preference: .preference(try need(choice, .choice), strength: strength)
            case .steps: .steps(try need(ratings, .ratings))
            case .rating: .rating(try need(rating, .rating))
            case .correction: .correction(steps: try need(steps, .steps), answer: try need(answer, .answer))
            }
        }

        private func need<Value>(_ value: Value?, _ key: CodingKeys) throws -> Value {
            guard let value else {
                throw DecodingError.keyNotFound(
                    key, .init(codingPath: [], debugDescription: "a judgement needs \"\(key.stringValue)\""))
            }
            return value
        }
    }
}
