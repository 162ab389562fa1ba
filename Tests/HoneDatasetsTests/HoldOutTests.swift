import HoneDatasets
import Testing

@Suite struct HoldOutTests {
    private let rows = (0..<2_000).map { #"{"prompt": "\#($0)+1=?", "answer": "\#($0 + 1)"}"# }

    private func heldOut(_ rows: [String], percent: Int, split: String? = nil) throws -> Set<String> {
        let examples = try read(
            rows.joined(separator: "\n"), as: "rows.jsonl", format: .jsonl, split: split, heldOutPercent: percent)
        #expect(examples.count == rows.count)
        return Set(examples.filter { $0.split == ExampleReader.heldOutSplit }.map(\.prompt))
    }

    @Test func `about so many of a hundred questions are held out`() throws {
        #expect(try heldOut(rows, percent: 0).isEmpty)
        let share = Double(try heldOut(rows, percent: 10).count) / Double(rows.count)
        #expect((0.07...0.13).contains(share))
    }

    @Test func `a question goes the same way in any file, and with any larger share`() throws {
        let five = try heldOut(rows, percent: 5)
        #expect(try heldOut(rows.reversed(), percent: 5, split: "train") == five)
        #expect(try heldOut(Array(rows.prefix(50)), percent: 5).isSubset(of: five))
        #expect(try heldOut(rows, percent: 20).isSuperset(of: five))
    }
}
