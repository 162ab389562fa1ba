import Foundation
import HoneCatalog
import HoneDatasets
import HonePostgres
import HoneProblems
import HoneQueue

/// `ingest`: adds generated problems, or the examples of a file, to a dataset. Those that it has are skipped, so that
/// running it again changes nothing; a file with a bad row adds nothing.
struct IngestHandler: JobHandler {
    static let kind = "ingest"

    private struct Result: Encodable {
        let dataset: String
        let added: Int
        let skipped: Int
        /// Examples per split that the source holds.
        let counts: [String: Int]
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
        let next = try source.reader()
        var counts: [String: Int] = [:]
        let report = try await Datasets.ingest(
            {
                let example = try next()
                if let example { counts[example.split, default: 0] += 1 }
                return example
            }, into: dataset, in: transaction)
        return Result(
            dataset: dataset, added: report.addedCount, skipped: report.duplicateCount, counts: counts)
    }
}

/// Where the examples come from.
private enum Source {
    case problems([Example])
    case file(URL, DatasetFormat?, IngestPayload)

    init(_ payload: IngestPayload) throws {
        if let path = payload.path {
            let format = try payload.format.map { name in
                guard let format = DatasetFormat(rawValue: name) else {
                    let known = DatasetFormat.allCases.map(\.rawValue).joined(separator: ", ")
                    throw WorkerError.payload(key: "format", fault: "is not one of \(known)")
                }
                return format
            }
            self = .file(URL(filePath: path), format, payload)
        } else if let generation = payload.generate {
            self = .problems(try generation.examples())
        } else {
            throw WorkerError.payload(key: "generate", fault: "is missing")
        }
    }

    /// Gives the examples from the first one on, then nil.
    func reader() throws -> () throws -> Example? {
        switch self {
        case .problems(let all):
            var rest = all.makeIterator()
            return { rest.next() }
        case .file(let file, let format, let payload):
            var reader = try ExampleReader(
                file: file, format: format, split: payload.split, heldOutPercent: payload.holdOut ?? 0,
                variationCount: payload.vary ?? 0, rewordingCount: payload.reword ?? 0)
            return { try reader.next() }
        }
    }
}

extension IngestPayload.Generation {
    private static let largestCount = 1_000_000
    /// Those that teach calculating.
    private static let defaultLevels = [1, 2, 3]

    /// Problems of the generator; its splits share no question, whatever the seed.
    func examples() throws -> [Example] {
        let wanted = try (levels ?? Self.defaultLevels).map { number in
            guard let level = ProblemLevel(rawValue: number) else {
                let known = ProblemLevel.allCases.map { "\($0.rawValue)" }.joined(separator: ", ")
                throw WorkerError.payload(key: "generate.levels", fault: "has no level \(number); there are \(known)")
            }
            return level
        }
        let train = try Self.counts(trainCount, "train_count", levelCount: wanted.count)
        let test = try Self.counts(testCount, "test_count", levelCount: wanted.count)
        return try wanted.indices.flatMap { index in
            let generator = ProblemGenerator(seed: seed, level: wanted[index])
            return try generator.distinct(train[index], split: .train).map(shown)
                + generator.distinct(test[index], split: .test).map(Example.init)
        }
    }

    /// With its steps, or without them where the draw of its own says so.
    private func shown(_ problem: Problem) -> Example {
        var example = Example(problem)
        let draw = Double(stableHash(of: "\(seed) \(problem.canonicalForm)") % 10_000) / 10_000
        if draw < answeredAtOnce ?? 0 { example.steps = [] }
        return example
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
