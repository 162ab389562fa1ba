import HoneModel
import HoneTensor
import SeededRandom
import Testing

/// Steps that are begun by a network's first layers and finished by the others.
@Suite struct HalfStepTests {
    private static let shape = ModelConfiguration(
        vocabularySize: 90, hiddenSize: 32, intermediateSize: 96, layerCount: 4, headCount: 4, kvHeadCount: 2,
        maxPositionCount: 128, attention: [.full, .sliding(window: 20), .full, .full], initializerRange: 0.2)

    /// Sequences in pages of their own, 8 each.
    private struct Sequences {
        let tokens: [[Int32]]
        var pasts: [Int]

        init(_ tokens: [[Int32]]) {
            self.tokens = tokens
            pasts = tokens.map { _ in 0 }
        }

        /// The next tokens of some of them; logits are wanted behind the last of each.
        func step(_ counts: [(sequence: Int, count: Int)]) -> NetworkStep {
            var step = NetworkStep()
            for (sequence, count) in counts {
                let past = pasts[sequence]
                step.add(
                    tokens[sequence][past..<past + count], past: past,
                    pages: (0..<8).map { Int32(sequence * 8 + $0) }, isRead: past + count == tokens[sequence].count)
            }
            return step
        }
    }

    @Test(arguments: 1...3, [LayerPrecision.float32, .int8])
    func `halves have the bits of a whole step, in any batch, also where rows leave between them`(
        layer: Int, precision: LayerPrecision
    ) throws {
        let network = CausalLanguageModel(Self.shape, generator: Generator(seed: 3))
        let exit = try EarlyExit(after: layer, of: network)
        let whole = try #require(PreparedModel(network, PrecisionPlan(precision)))
        let first = whole.shallow(exit)
        var random = SplitMix(seed: UInt64(layer))
        let tokens = (0..<9).map { _ in (0..<1 + random.below(70)).map { _ in Int32(random.below(90)) } }

        func alone(_ model: PreparedModel, _ sequence: Int) -> [Float] {
            let pages = model.makePages(count: 100)
            let step = Sequences(tokens).step([(sequence, tokens[sequence].count)])
            return model(step, pages: pages)[0].toArray(Float.self)
        }

        var sequences = Sequences(tokens)
        let pages = whole.makePages(count: 100)
        var left = Array(tokens.indices)
        var readCount = 0
        while !left.isEmpty {
            left.shuffle(using: &random)
            let counts = left.prefix(1 + random.below(left.count)).map { sequence in
                (sequence, 1 + random.below(tokens[sequence].count - sequences.pasts[sequence]))
            }
            first.begin(sequences.step(counts), before: exit.commonLayer, pages: pages)
            // Every third sequence leaves at the exit, the others go on: one in three at once, one when it is begun to
            // its end.
            var (leaving, staying): ([(Int, Int)], [(Int, Int)]) = ([], [])
            for (sequence, count) in counts {
                let isEnd = sequences.pasts[sequence] + count == tokens[sequence].count
                switch sequence % 3 {
                case 0: leaving.append((sequence, count))
                case 1: staying.append((sequence, count))
                case _ where isEnd:
                    sequences.pasts[sequence] = 0
                    staying.append((sequence, tokens[sequence].count))
                default: break
                }
            }
            for (model, own) in [(first, leaving), (whole, staying)] where !own.isEmpty {
                let logits = model.finish(sequences.step(own), atLayer: exit.commonLayer, pages: pages)
                let read = own.filter { sequences.pasts[$0.0] + $0.1 == tokens[$0.0].count }
                #expect(logits.size(0) == read.count)
                for (place, (sequence, _)) in read.enumerated() {
                    #expect(logits[place].toArray(Float.self) == alone(model, sequence))
                }
                readCount += read.count
            }
            for (sequence, count) in counts { sequences.pasts[sequence] += count }
            for (sequence, count) in staying { sequences.pasts[sequence] = max(sequences.pasts[sequence], count) }
            left.removeAll { sequences.pasts[$0] == tokens[$0].count }
        }
        #expect(readCount == tokens.count)
    }

    @Test func `the first layers share the whole model's matrices`() throws {
        let network = CausalLanguageModel(Self.shape, generator: Generator(seed: 3))
        let whole = try #require(PreparedModel(network))
        let first = whole.shallow(try EarlyExit(after: 4 - 1, of: network))
        #expect(first.configuration.layerCount == 3)
        #expect(first.configuration.attentionKind(ofLayer: 1) == .sliding(window: 20))
        #expect(first.byteCount < whole.byteCount)
    }
}
