import HoneCatalog
import HonePostgres

/// One metric of a job in a line.
struct MetricSummary: Encodable {
    let name: String
    /// Steps that have it.
    private(set) var steps = 0
    private(set) var first = 0.0
    private(set) var last = 0.0
    /// Of the finite ones; nil if there is none.
    private(set) var least: Double?
    private(set) var greatest: Double?

    private init(name: String) {
        self.name = name
    }

    static func all(
        of job: Int64, names: [String], from connection: PostgresConnection
    ) async throws -> [MetricSummary] {
        var summaries = names.map(MetricSummary.init)
        try await StepMetrics.read(of: job, names: Set(names), in: connection) { step in
            for index in summaries.indices {
                if let number = step.numbers[summaries[index].name] { summaries[index].add(number) }
            }
        }
        return summaries
    }

    private mutating func add(_ number: Double) {
        if steps == 0 { first = number }
        steps += 1
        last = number
        guard number.isFinite else { return }
        least = min(least ?? number, number)
        greatest = max(greatest ?? number, number)
    }

    static let columns = [
        Column<MetricSummary>("METRIC") { $0.name },
        Column("STEPS", isNumber: true) { "\($0.steps)" },
        Column("FIRST", isNumber: true) { short($0.first) },
        Column("LAST", isNumber: true) { short($0.last) },
        Column("LEAST", isNumber: true) { $0.least.map(short) ?? "" },
        Column("GREATEST", isNumber: true) { $0.greatest.map(short) ?? "" },
    ]

    /// Four digits that count.
    private static func short(_ number: Double) -> String {
        guard number.isFinite, number != 0 else { return "\(number)" }
        var unit = 1.0
        while number.magnitude / unit >= 10_000 { unit *= 10 }
        while number.magnitude / unit < 1000 { unit /= 10 }
        let rounded = (number / unit).rounded() * unit
        return unit >= 1 ? "\(rounded)" : "\((number / unit).rounded() / (1 / unit).rounded())"
    }

    /// JSON has no form for numbers that are not finite: they are null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(steps, forKey: .steps)
        try container.encode(first.isFinite ? first : nil, forKey: .first)
        try container.encode(last.isFinite ? last : nil, forKey: .last)
        try container.encode(least, forKey: .least)
        try container.encode(greatest, forKey: .greatest)
    }

    private enum CodingKeys: CodingKey {
        case name, steps, first, last, least, greatest
    }
}
