import Foundation
import Testing

@testable import HonePlots

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct FigureTests {
    private func svg(_ marks: [Mark], title: String = "a chart") -> String {
        Figure(title: "figure", charts: [Chart(title: title, xLabel: "step", marks: marks)]).svg()
    }

    /// The tags and texts of a file, if it is XML.
    private func elements(_ svg: String) throws -> [String: Int] {
        let reader = Reader()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = reader
        let isXML = parser.parse()
        try #require(isXML, "\(parser.parserError.map { "\($0)" } ?? "")")
        return reader.counts
    }

    @Test func everyKindOfMarkIsDrawn() throws {
        let points = (0...9).map { Point(Double($0), Double($0 * $0)) }
        let intervals = points.map { Interval(x: $0.x, low: $0.y - 1, high: $0.y + 1) }
        let counts = try elements(
            svg([
                Mark(.line(points), name: "line"), Mark(.steps(points)), Mark(.band(intervals), name: "band"),
                Mark(.stepBand(intervals)), Mark(.bars([Bar(from: 0, to: 1, height: 3)])),
                Mark(.dots(points), name: "dots"), Mark(.guide(Point(0, 0), Point(9, 81))),
            ]))
        #expect(counts["path"] == 4)
        #expect(counts["circle"] == points.count + 1)
    }

    @Test func whateverATextHoldsTheFileStaysXML() throws {
        let nasty = #"<script>alert("1")</script> & ' ]]> \#u{0}\#u{8}\#u{1F680} 中"#
        let figure = Figure(
            title: nasty,
            charts: [
                Chart(title: nasty, xLabel: nasty, yLabel: nasty, marks: [Mark(.line([Point(0, 1)]), name: nasty)])
            ])
        let counts = try elements(figure.svg())
        #expect(counts["script"] == nil && counts["text"] ?? 0 > 4)
        #expect(!figure.svg().contains("<script>"))
    }

    @Test func aNumberThatIsNoneLeavesAGapAndNothingElse() throws {
        let points = [Point(0, 1), Point(1, 2), Point(2, .nan), Point(3, 4), Point(4, .infinity), Point(5, 6)]
        let drawn = svg([Mark(.line(points))])
        #expect(!drawn.contains("nan") && !drawn.contains("inf"))
        let path = try #require(drawn.split(separator: "\n").first { $0.contains("<path") })
        #expect(path.filter { $0 == "M" }.count == 3)
    }

    @Test(arguments: [[], [Point(1, 1)], [Point(0, .nan)], [Point(5, 2), Point(5, 2)]] as [[Point]])
    func fewPointsMakeAChartToo(_ points: [Point]) throws {
        let drawn = svg([Mark(.line(points), name: "few")])
        #expect(try elements(drawn)["text"] ?? 0 > 3)
        #expect(!drawn.contains("nan") && !drawn.contains("inf"))
    }

    @Test func chartsStandInColumnsAndNothingIsLoadedFromElsewhere() throws {
        let charts = (1...5).map { Chart(title: "chart \($0)", marks: [Mark(.line([Point(0, 0), Point(1, 1)]))]) }
        let drawn = Figure(title: "five", charts: charts, columnCount: 2, chartSize: (400, 300)).svg()
        #expect(drawn.contains(#"width="800" height="944""#))
        #expect(drawn.contains(#"translate(400 644)"#) == false && drawn.contains("translate(0 644)"))
        #expect(drawn.components(separatedBy: "http").count == 2, "only the name space of SVG is named")
    }

    @Test func aReliabilityDiagramTellsItsCalibrationError() {
        let bins = [
            ReliabilityBin(from: 0, to: 0.5, count: 30, confidence: 0.4, accuracy: 0.3),
            ReliabilityBin(from: 0.5, to: 1, count: 10, confidence: 0.8, accuracy: 1),
        ]
        #expect(Chart.reliability(bins, title: "RM").title == "RM (expected calibration error 0.125)")
    }

    private final class Reader: NSObject, XMLParserDelegate {
        var counts: [String: Int] = [:]

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            counts[name, default: 0] += 1
        }
    }
}

@Suite struct PointTests {
    @Test func theMeanFollowsAChangeWithoutALag() {
        let flat = (0..<50).map { Point(Double($0), 3) }
        #expect(flat.smoothed(over: 10).allSatisfy { abs($0.y - 3) < 1e-12 })
        let jump = (0..<200).map { Point(Double($0), $0 < 100 ? 0 : 1) }.smoothed(over: 10)
        #expect(jump[94].y == 0 && jump[105].y == 1 && abs(jump[99].y + jump[100].y - 1) < 1e-12)
        #expect([Point(0, .nan), Point(1, 2)].smoothed(over: 10) == [Point(1, 2)])
        #expect([Point]().smoothed(over: 10).isEmpty)
    }

    @Test func manyPointsAreThinnedAndKeepTheirExtremesAndGaps() {
        var points = (0..<100_000).map { Point(Double($0), sin(Double($0) / 5000)) }
        points[31_337] = Point(31_337, 50)
        points[77_777] = Point(77_777, .nan)
        let thin = points.thinned(to: 500)
        #expect(thin.count <= 4 * 502)
        #expect(thin.first == points.first && thin.last == points.last)
        #expect(thin.contains(Point(31_337, 50)))
        #expect(thin.contains { $0.y.isNaN })
        #expect(zip(thin, thin.dropFirst()).allSatisfy { $0.x < $1.x })
    }
}
