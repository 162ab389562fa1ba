import Foundation
import HoneDatasets
import HonePostgres
import HoneProblems
import HoneQueue

/// `ingest`: adds generated problems, or the examples of a file, to a dataset. Those that it has are skipped, so that
/// running it again changes nothing; a file with a bad row adds nothing.
struct IngestHandler: JobHandler {
    static let kind = "ingest"

    /// Rows per statement.
    private static let batchCount = 1000

    private struct Result: Encodable {
        let dataset: String
        var added = 0
        var skipped = 0
        /// Examples per split that the source holds.
        var counts: [String: Int] = [:]
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(IngestPayload.self, of: job)
            let source = try Source(payload)
            try await context.complete(
                job, producing: { try await PostgresJSON(encoding: add(source, to: payload.dataset, in: $0)) })
        }
    }

    private func add(
        _ source: Source, to dataset: String, in transaction: PostgresConnection
    ) async throws -> Result {
        var source = source
        var result = Result(dataset: dataset)
        while let batch = try source.next(Self.batchCount) {
            let rows = try batch.map { try PostgresJSON(encoding: $0) }
            let added = try await transaction.query(
                PostgresQuery("SELECT hone.ingest(\(dataset), \(rows)) AS added").named("ingest"))
            result.added += try added[0].decode("added", as: Int.self)
            result.skipped += batch.count
            for example in batch { result.counts[example.split, default: 0] += 1 }
        }
        result.skipped -= result.added
        return result
    }
}

/// Where the examples come from.
private enum Source {
    case problems([Example], next: Int)
    case file(ExampleReader)

    init(_ payload: IngestPayload) throws {
        if let path = payload.path {
            let format = try payload.format.map { name in
                guard let format = DatasetFormat(rawValue: name) else {
                    let known = DatasetFormat.allCases.map(\.rawValue).joined(separator: ", ")
                    throw WorkerError.payload(key: "format", fault: "is not one of \(known)")
                }
                return format
            }
            self = .file(try ExampleReader(file: URL(filePath: path), format: format, split: payload.split))
        } else if let generation = payload.generate {
            self = .problems(try generation.examples(), next: 0)
        } else {
            throw WorkerError.payload(key: "generate", fault: "is missing")
        }
    }

    /// The next examples; nil at the end.
    mutating func next(_ count: Int) throws -> [Example]? {
        switch self {
        case .problems(let all, let start):
            let batch = Array(all[start..<min(all.count, start + count)])
            self = .problems(all, next: start + batch.count)
            return batch.isEmpty ? nil : batch
        case .file(var reader):
            var batch: [Example] = []
            while batch.count < count, let example = try reader.next() { batch.append(example) }
            self = .file(reader)
            return batch.isEmpty ? nil : batch
        }
    }
}

extension IngestPayload.Generation {
    private static let largestCount = 1_000_000

    /// Problems of the generator; its splits share no question, whatever the seed.
    func examples() throws -> [Example] {
        let wanted = try (levels ?? ProblemLevel.allCases.map(\.rawValue)).map { number in
            guard let level = ProblemLevel(rawValue: number) else {
                throw WorkerError.payload(key: "generate.levels", fault: "has no level \(number); there are 1, 2 and 3")
            }
            return level
        }
        let train = try Self.counts(trainCount, "train_count", levelCount: wanted.count)
        let test = try Self.counts(testCount, "test_count", levelCount: wanted.count)
        return try wanted.indices.flatMap { index in
            let generator = ProblemGenerator(seed: seed, level: wanted[index])
            return try generator.distinct(train[index], split: .train).map(Example.init)
                + generator.distinct(test[index], split: .test).map(Example.init)
        }
    }

    private static func counts(
        _ counts: IngestPayload.Counts, _ key: String, levelCount: Int
    ) throws(WorkerError) -> [Int] {
        guard let perLevel = counts.perLevel(levelCount) else {
            throw .payload(key: "generate." + key, fault: "must be one number, or one for each of \(levelCount) levels")
        }
        guard perLevel.allSatisfy({ (0...largestCount).contains($0) }) else {
            throw .payload(key: "generate." + key, fault: "must lie between 0 and \(largestCount)")
        }
        return perLevel
    }
}

extension Example {
    fileprivate init(_ problem: Problem) {
        self.init(
            prompt: problem.prompt, answer: problem.answer, steps: problem.steps, split: problem.split.rawValue,
            source: "hone", level: problem.level.rawValue)
    }
}
