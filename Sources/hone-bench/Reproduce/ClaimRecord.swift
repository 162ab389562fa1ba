import Foundation

/// What was measured for one claim: when, where, by which command, and every row that the suite printed.
///
/// It is a file beside the page, so that one claim can be measured anew and the others stay as they are.
struct ClaimRecord: Codable {
    struct Row: Codable {
        let name: String
        let unit: String
        /// Seed by seed, in the order of the seeds.
        let values: [Double]

        var sample: Sample { Sample(values) }
    }

    let format: Int
    let claim: String
    /// Those that were asked for; a suite without seeds has one value a row.
    let seeds: Int
    let date: Date
    let machine: String
    let command: String
    let seconds: Double
    let rows: [Row]
    /// What the suite said besides.
    let remarks: [String]

    init(
        _ claim: Claim, command: String, seeds: Int, started: Date, seconds: Double, rows: [Row], remarks: [String]
    ) {
        format = Self.currentFormat
        self.claim = claim.name
        self.seeds = seeds
        date = started
        machine = Machine().text
        self.command = command
        self.seconds = seconds
        self.rows = rows
        self.remarks = remarks
    }

    private static let currentFormat = 1

    func row(_ name: String) -> Row? { rows.first { $0.name == name } }
}

extension ClaimRecord {
    struct Fault: Error, CustomStringConvertible {
        let file: String
        let claim: String
        let reason: String

        var description: String {
            "\(file) cannot be read: \(reason). Measure it anew with 'hone reproduce --only \(claim)', or delete it."
        }
    }

    static func url(of claim: Claim, in folder: URL) -> URL { folder.appending(path: "\(claim.name).json") }

    /// What is kept of a claim; nil where it was never measured.
    ///
    /// - Throws: ``Fault`` where the file is not what ``write(in:)`` left
    static func read(_ claim: Claim, in folder: URL) throws -> ClaimRecord? {
        let file = url(of: claim, in: folder)
        func fault(_ reason: String) -> Fault { Fault(file: file.relativePath, claim: claim.name, reason: reason) }
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let record: ClaimRecord
        do {
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .iso8601
            record = try decoder.decode(ClaimRecord.self, from: Data(contentsOf: file))
        } catch let error as DecodingError {
            throw fault(error.reason)
        }
        if record.format != currentFormat { throw fault("its format is \(record.format), not \(currentFormat)") }
        if record.claim != claim.name { throw fault("it is of the claim '\(record.claim)'") }
        if let empty = record.rows.first(where: \.values.isEmpty) { throw fault("its row '\(empty.name)' is empty") }
        return record
    }

    func write(in folder: URL, of claim: Claim) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.dateEncodingStrategy = .iso8601
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try (encoder.encode(self) + Data("\n".utf8)).write(to: Self.url(of: claim, in: folder), options: .atomic)
    }
}

extension DecodingError {
    /// Where and why, in a few words.
    fileprivate var reason: String {
        func place(_ context: Context) -> String {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "" : " at '\(path)'"
        }
        return switch self {
        case .keyNotFound(let key, let context): "there is no '\(key.stringValue)'\(place(context))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): "another kind of value\(place(context))"
        case .dataCorrupted(let context): "it is no JSON of a record\(place(context))"
        @unknown default: "\(self)"
        }
    }
}
