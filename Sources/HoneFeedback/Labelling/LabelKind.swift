public import HonePostgres

/// What a label task asks.
public enum LabelKind: String, Codable, Sendable, CaseIterable, CustomStringConvertible, PostgresEncodable,
    PostgresDecodable
{
    /// Which of two answers is better.
    case preference
    /// Each line of an answer: right, neutral or wrong.
    case steps
    /// One answer on a scale from 1 to 5.
    case rating
    /// How the answer should have been.
    case correction

    public var description: String { rawValue }
}

/// What judges. Labels of one source are never counted among those of another.
public enum LabelSource: String, Codable, Sendable, CaseIterable, CustomStringConvertible, PostgresEncodable,
    PostgresDecodable
{
    case person
    case simulated
    case verifier

    public var description: String { rawValue }
}
