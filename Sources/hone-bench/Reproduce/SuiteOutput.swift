import Foundation

/// The rows of a suite's JSON object, which may stand inside a larger one.
///
/// A row with a peer of as many runs beside it gives two rows: its own, and "NAME, PEER".
struct SuiteOutput: Decodable {
    let rows: [ClaimRecord.Row]
    /// What was not measured, and why.
    let absent: [String]

    private struct Printed: Decodable {
        struct Values: Decodable {
            let values: [Double]
        }

        struct Beside: Decodable {
            let name: String
            let sample: Values
        }

        struct Row: Decodable {
            let name: String
            let unit: String
            let sample: Values
            let beside: Beside?
        }

        let rows: [Row]
        let absent: [String]?
    }

    private enum Keys: String, CodingKey {
        case report
    }

    init(from decoder: any Decoder) throws {
        let outer = try decoder.container(keyedBy: Keys.self)
        let printed = try outer.decodeIfPresent(Printed.self, forKey: .report) ?? Printed(from: decoder)
        absent = printed.absent ?? []
        rows = printed.rows.flatMap { row -> [ClaimRecord.Row] in
            let own = ClaimRecord.Row(name: row.name, unit: row.unit, values: row.sample.values)
            guard let beside = row.beside, beside.sample.values.count == row.sample.values.count else { return [own] }
            let name = "\(row.name), \(beside.name)"
            return [own, ClaimRecord.Row(name: name, unit: row.unit, values: beside.sample.values)]
        }
    }
}
