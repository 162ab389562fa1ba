/// A measure of agreement, or why there is none: on unanimous labels chance explains everything and nothing.
public enum Coefficient: Sendable, Hashable, Encodable {
    case value(Double)
    case undefined(String)

    public var value: Double? {
        guard case .value(let value) = self else { return nil }
        return value
    }

    private enum CodingKeys: String, CodingKey {
        case value, undefined
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .value(let value): try container.encode(value, forKey: .value)
        case .undefined(let reason): try container.encode(reason, forKey: .undefined)
        }
    }
}
