import Foundation

/// The rows of a suite's JSON object, which may stand inside a larger one.
///
/// A row with a peer of as many runs beside it gives two rows: its own, and "NAME, PEER". One that is printed anew for
/// every peer gives its own once.
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
        var rows: [ClaimRecord.Row] = []
        for row in printed.rows {
            if !rows.contains(where: { $0.name == row.name }) {
                rows.append(ClaimRecord.Row(name: row.name, unit: row.unit, values: row.sample.values))
            }
            guard let beside = row.beside, beside.sample.values.count == row.sample.values.count else { continue }
            let name = "\(row.name), \(beside.name)"
            rows.append(ClaimRecord.Row(name: name, unit: row.unit, values: beside.sample.values))
        }
        self.rows = rows
    }
}
