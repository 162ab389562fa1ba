import HoneModel
import HoneTensor
import SeededRandom
import Testing

@Suite struct PrecisionPlannerTests {
    private func layer(_ number: Int, _ options: [(Int, Double)]) -> LayerSensitivity {
        LayerSensitivity(
            path: "layer \(number)",
            options: zip(LayerPrecision.allCases, options).map {
                LayerSensitivity.Option(precision: $0, byteCount: $1.0, divergence: $1.1)
            })
    }

    /// Every choice, one after the other.
    private func leastDivergence(_ layers: [LayerSensitivity], byteLimit: Int) -> Double? {
        var best: Double?
        func visit(_ index: Int, _ bytes: Int, _ divergence: Double) {
            guard bytes <= byteLimit else { return }
            guard index < layers.count else {
                best = min(best ?? .infinity, divergence)
                return
            }
            for option in layers[index].options {
                visit(index + 1, bytes + option.byteCount, divergence + option.divergence)
            }
        }
        visit(0, 0, 0)
        return best
    }

    private func sum(_ layers: [LayerSensitivity], _ chosen: [LayerPrecision]) -> (bytes: Int, divergence: Double) {
        zip(layers, chosen).reduce((0, 0)) { sum, pair in
            let option = pair.0.options.first { $0.precision == pair.1 }
            return (sum.0 + (option?.byteCount ?? 0), sum.1 + (option?.divergence ?? 0))
        }
    }

    @Test func `no choice within the limit moves the answers less than the planner's`() throws {
        var random = SplitMix(seed: 5)
        for round in 0..<200 {
            let layers = (0..<1 + random.below(6)).map { number in
                layer(number, (0..<4).map { _ in (1 + random.below(400), Double(random.below(1000)) / 1000) })
            }
            let limit = 50 + random.below(1200)
            let least = leastDivergence(layers, byteLimit: limit)
            guard let chosen = PrecisionPlanner(layers).choose(byteLimit: limit) else {
                #expect(least == nil, "round \(round)")
                continue
            }
            let found = sum(layers, chosen)
            #expect(found.bytes <= limit)
            #expect(abs(found.divergence - (least ?? .infinity)) < 1e-9, "round \(round)")
        }
    }

    @Test func `large sizes stay within the limit and near the best`() throws {
        var random = SplitMix(seed: 9)
        let layers = (0..<6).map { number in
            layer(
                number,
                [(4_000_000, 0), (2_000_000, 1e-4), (1_010_000, 1e-3), (530_000, 1e-1)].map { bytes, loss in
                    (bytes + random.below(1000), loss * Double(1 + random.below(9)))
                })
        }
        let limit = 6_500_000
        let chosen = try #require(PrecisionPlanner(layers).choose(byteLimit: limit))
        let found = sum(layers, chosen)
        #expect(found.bytes <= limit)
        #expect(found.divergence <= 1.02 * (leastDivergence(layers, byteLimit: limit) ?? 0))
    }

    @Test func `a limit below the least there can be has no plan`() {
        let layers = [layer(0, [(40, 0), (20, 0), (10, 0), (5, 0)])]
        #expect(PrecisionPlanner(layers).choose(byteLimit: 4) == nil)
        #expect(PrecisionPlanner(layers).choose(byteLimit: 5) == [LayerPrecision.allCases[3]])
    }
}
