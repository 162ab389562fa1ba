import HoneTokenizer
import Testing

@testable import HoneInference

@Suite struct StopTextsTests {
    /// Feeds a text in pieces of given sizes, and says after how many bytes a stop text was reached.
    private func reached(_ stops: [String], _ text: String, pieces: [Int]) -> (after: Int?, cut: String) {
        var watch = StopTexts(stops)
        let bytes = Array(text.utf8)
        var (start, number) = (0, 0)
        while start < bytes.count {
            let end = min(bytes.count, start + pieces[number % pieces.count])
            watch.append(bytes[start..<end])
            if watch.areReached { return (end, watch.cut(String(decoding: bytes[..<end], as: UTF8.self))) }
            (start, number) = (end, number + 1)
        }
        return (nil, watch.cut(text))
    }

    @Test(arguments: [[1], [2], [3], [7], [1, 4, 2]]) func aStopTextIsFoundAcrossPieces(pieces: [Int]) {
        let text = "日本語 ababac 🙂🙂! and more"
        for (stop, before) in [("abac", "日本語 ab"), ("🙂!", "日本語 ababac 🙂"), ("本", "日"), ("d m", "日本語 ababac 🙂🙂! an")] {
            let found = reached([stop, "never"], text, pieces: pieces)
            #expect(found.cut == before)
            let end = before.utf8.count + stop.utf8.count
            #expect(found.after.map { $0 >= end && $0 < end + 7 } == true)
        }
        #expect(reached(["zz", ""], text, pieces: pieces).after == nil)
    }

    @Test func randomTextsAreCutWhereAPlainSearchCutsThem() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let text = String((0..<40).map { _ in "ab🙂".randomElement(using: &random) ?? "a" })
            let stops = (0..<3).map { _ in
                String(
                    (0..<Int.random(in: 1...4, using: &random)).map { _ in "ab🙂".randomElement(using: &random) ?? "a" })
            }
            let scalars = Array(text.unicodeScalars)
            let end = scalars.indices.first { index in
                stops.contains { String(String.UnicodeScalarView(scalars[...index])).hasSuffix($0) }
            }
            var watch = StopTexts(stops)
            var firstEnd: Int?
            for (index, scalar) in scalars.enumerated() {
                watch.append(String(scalar).utf8)
                if watch.areReached { firstEnd = firstEnd ?? index }
            }
            #expect(firstEnd == end, "\(stops) in \(text)")
            let starts = stops.compactMap { text.firstRange(of: $0)?.lowerBound }
            let expected = starts.min().map { String(text[..<$0]) } ?? text
            #expect(watch.cut(text) == expected)
        }
    }

    @Test func theStopTextIsKeptWhereItIsWanted() {
        var watch = StopTexts(["cd", "cde"])
        watch.append("abcdef".utf8)
        #expect(watch.cut("abcdef", includingStop: true) == "abcd")
        #expect(watch.cut("abcdef") == "ab")
    }
}
