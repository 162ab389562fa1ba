import Foundation
import HoneCatalog
import HoneDatasets
import HonePostgres
import HoneTesting
import Testing

@Suite(.temporaryDatabase) struct DatasetTests {
    static let examples = [
        Example(prompt: "1+1", answer: "2", steps: ["1+1=2"], source: "made", level: 1, metadata: ["id": .integer(1)]),
        Example(prompt: "1+2", answer: "3"),
        Example(prompt: "2+2", answer: "4", split: "test", level: 2),
    ]

    @Test func examplesComeBackAsTheyWere() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ingest(Self.examples, into: "sums", in: pool)
        let cut = try await Datasets.cut("sums", in: pool)
        #expect(cut.exampleCount == 3)
        #expect(try await Datasets.examples(of: cut, in: pool).map(\.example) == Self.examples)
    }

    @Test func theSameExampleCountsOnce() async throws {
        let pool = try TemporaryDatabase.current.pool
        let twice = Self.examples + [Example(prompt: " 1+2\n", answer: "3", split: "test")]
        let first = try await ingest(twice, into: "sums", in: pool)
        #expect((first.readCount, first.addedCount, first.duplicateCount) == (4, 3, 1))
        let second = try await ingest(twice, into: "sums", in: pool)
        #expect(second.addedCount == 0)
        let summary = try await Datasets.summary(of: "sums", in: pool)
        #expect(summary.splits.map(\.split) == ["test", "train"])
        #expect(summary.splits.map(\.exampleCount) == [1, 2])
        #expect(summary.splits.map(\.withStepsCount) == [0, 1])
    }

    @Test func nothingOfABadFileIsIngested() async throws {
        let pool = try TemporaryDatabase.current.pool
        let good = (0..<1200).map { #"{"prompt": "n\#($0)", "answer": "\#($0)"}"# }
        let error = try await withFile("bad.jsonl", good + [#"{"prompt": "n"}"#]) { file in
            await #expect(throws: DatasetError.self) { try await Datasets.ingest(file: file, into: "d", using: pool) }
        }
        #expect(error?.description == "bad.jsonl:1201: the key \"answer\" is missing")
        #expect(try await Datasets.list(in: pool).isEmpty)
        let report = try await withFile("good.jsonl", good) { file in
            try await Datasets.ingest(file: file, into: "d", using: pool)
        }
        #expect(report.addedCount == 1200)
    }

    @Test func anExportCanBeIngestedAgain() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ingest(Self.examples, into: "sums", in: pool)
        var exported = Data()
        try await Datasets.export(Datasets.cut("sums", in: pool), in: pool) { exported += $0 }
        let text = String(decoding: exported, as: UTF8.self)
        try await withFile("e.jsonl", [text]) { _ = try await Datasets.ingest(file: $0, into: "copy", using: pool) }
        let copy = try await Datasets.examples(of: Datasets.cut("copy", in: pool), in: pool)
        #expect(copy.map(\.example) == Self.examples)
    }

    @Test func aCutStaysWhatItWas() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ingest(Self.examples, into: "sums", in: pool)
        let cut = try await Datasets.cut("sums", split: "train", in: pool)
        let more = [Example(prompt: "9+9", answer: "18")]
        try await ingest(more, into: "sums", in: pool)
        #expect(try await Datasets.examples(of: cut, in: pool).map(\.example.prompt) == ["1+1", "1+2"])
        let first = try await Datasets.page(of: cut, limit: 1, in: pool)
        let second = try await Datasets.page(of: cut, after: first[0].id, limit: 1, in: pool)
        #expect(second.map(\.example.prompt) == ["1+2"])
    }

    @Test func twoIngestersOfTheSameExamplesInOppositeOrderBothFinish() async throws {
        let pool = try TemporaryDatabase.current.pool
        let examples = (0..<1500).map { Example(prompt: "n\($0)", answer: "\($0)") }
        async let forward = ingest(examples, into: "d", in: pool)
        async let backward = ingest(examples.reversed(), into: "d", in: pool)
        let added = try await forward.addedCount + backward.addedCount
        #expect(added == 1500)
    }

    @Test func aCutWaitsForAnIngestionThatIsUnderWay() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ingest(Self.examples, into: "sums", in: pool)
        let cut = try await pool.withTransaction { first in
            try await Datasets.ingest([Example(prompt: "early", answer: "0")], into: "sums", in: first)
            let cut = Task { try await Datasets.cut("sums", in: pool) }
            try await waitUntilSomeoneWaitsForALock(pool)
            return cut
        }
        #expect(try await cut.value.exampleCount == 4)
    }

    @Test func whatDoesNotExistIsNamed() async throws {
        let pool = try TemporaryDatabase.current.pool
        await #expect(throws: CatalogError.unknownDataset("none")) { try await Datasets.cut("none", in: pool) }
        try await ingest(Self.examples, into: "sums", in: pool)
        await #expect(throws: CatalogError.emptySplit(dataset: "sums", split: "dev")) {
            try await Datasets.cut("sums", split: "dev", in: pool)
        }
    }
}

@discardableResult
private func ingest(_ examples: [Example], into dataset: String, in pool: PostgresPool) async throws -> IngestReport {
    try await pool.withTransaction { try await Datasets.ingest(examples, into: dataset, in: $0) }
}

private func withFile<Value>(
    _ name: String, _ lines: [String], _ body: (URL) async throws -> Value
) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hone-catalog-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: name)
    try Data(lines.joined(separator: "\n").utf8).write(to: file)
    return try await body(file)
}
