/// Several measurements of one thing, in one unit.
struct Sample: Encodable, Sendable {
    let values: [Double]

    init(_ values: [Double]) {
        precondition(!values.isEmpty, "a sample holds at least one value")
        self.values = values
    }

    var median: Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    var range: ClosedRange<Double> { (values.min() ?? 0)...(values.max() ?? 0) }

    private enum Keys: String, CodingKey {
        case median, min, max, values
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(median, forKey: .median)
        try container.encode(range.lowerBound, forKey: .min)
        try container.encode(range.upperBound, forKey: .max)
        try container.encode(values, forKey: .values)
    }
}
