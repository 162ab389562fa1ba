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
        var read: [CutExample] = []
        for (split, count) in [("train", 2), ("test", 1)] {
            let cut = try await DataCut.take(dataset: "sums", split: split, from: pool)
            #expect(cut.count == count)
            read += try await cut.examples(from: pool)
        }
        #expect(read.map(\.prompt) == Self.examples.map(\.prompt))
        #expect(read.map(\.answer) == Self.examples.map(\.answer))
        #expect(read.map(\.steps) == Self.examples.map(\.steps))
        #expect(read.map(\.level) == Self.examples.map(\.level))
        let rows = try await pool.query("SELECT split, source, metadata FROM hone.examples ORDER BY id")
        #expect(try rows.map { try $0.decode("split") } == Self.examples.map(\.split))
        #expect(try rows.map { try $0.decode("source") } == Self.examples.map(\.source))
        #expect(
            try rows.map { try $0.decode("metadata", as: PostgresJSON.self).decode() }
                == Self.examples.map(\.metadata))
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
            await #expect(throws: DatasetError.self) {
                try await Datasets.ingest(ExampleReader(file: file), into: "d", using: pool)
            }
        }
        #expect(error?.description == "bad.jsonl:1201: the key \"answer\" is missing")
        #expect(try await Datasets.list(in: pool).isEmpty)
        let report = try await withFile("good.jsonl", good) { file in
            try await Datasets.ingest(ExampleReader(file: file), into: "d", using: pool)
        }
        #expect(report.addedCount == 1200)
    }

    @Test func aCutStaysWhatItWas() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ingest(Self.examples, into: "sums", in: pool)
        let cut = try await DataCut.take(dataset: "sums", split: "train", from: pool)
        let more = [Example(prompt: "9+9", answer: "18")]
        try await ingest(more, into: "sums", in: pool)
        let read = try await cut.examples(from: pool)
        #expect(read.map(\.prompt) == ["1+1", "1+2"])
        #expect(try await cut.examples(CutSelection(limit: 1), from: pool).map(\.prompt) == ["1+1"])
        #expect(try await CutExample.find([read[1].id], in: pool).map(\.prompt) == ["1+2"])
    }

    @Test func twoIngestersOfTheSameExamplesInOppositeOrderBothFinish() async throws {
        let pool = try TemporaryDatabase.current.pool
        let examples = (0..<1500).map { Example(prompt: "n\($0)", answer: "\($0)") }
        async let forward = ingest(examples, into: "d", in: pool)
        async let backward = ingest(examples.reversed(), into: "d", in: pool)
        let added = try await forward.addedCount + backward.addedCount
        #expect(added == 1500)
    }
}

@discardableResult
private func ingest(_ examples: [Example], into dataset: String, in pool: PostgresPool) async throws -> IngestReport {
    try await pool.withTransaction { transaction in
        var rest = examples.makeIterator()
        return try await Datasets.ingest({ rest.next() }, into: dataset, in: transaction)
    }
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
