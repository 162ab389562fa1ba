import HoneModel
import HoneTensor
import SeededRandom
import Testing

/// One after the other, since the number of threads is the whole process's.
@Suite(.serialized) struct PreparedModelTests {
    /// Sequences that are read through pages, in pieces, beside each other.
    private struct Reader {
        let model: PreparedModel
        let pages: KeyValuePages
        private var nextPage: Int32 = 0
        private var tables: [[Int32]] = []
        private var pasts: [Int] = []

        init(_ model: PreparedModel, entry: KeyValuePages.Entry = .float32) {
            self.model = model
            pages = model.makePages(count: 512, entry: entry)
        }

        mutating func addSequence() -> Int {
            tables.append([])
            pasts.append(0)
            return tables.count - 1
        }

        /// One step; the logits behind each piece's last token.
        mutating func read(_ pieces: [(sequence: Int, tokens: [Int32])]) -> [[Float]] {
            var step = NetworkStep()
            for (sequence, tokens) in pieces {
                while tables[sequence].count * KeyValuePages.tokenCount < pasts[sequence] + tokens.count {
                    // Pages that follow each other belong to different sequences.
                    tables[sequence].append(nextPage * 7 % 512)
                    nextPage += 1
                }
                step.add(tokens, past: pasts[sequence], pages: tables[sequence], isRead: true)
                pasts[sequence] += tokens.count
            }
            let logits = model(step, pages: pages)
            return pieces.indices.map { logits[$0].toArray(Float.self) }
        }
    }

    private static let plans: [(String, PrecisionPlan)] = [
        ("float32", PrecisionPlan(.float32)), ("bfloat16", PrecisionPlan(.bfloat16)), ("int8", PrecisionPlan(.int8)),
        ("int4", PrecisionPlan(.int4)),
        ("mixed", PrecisionPlan(.int8, exceptions: ["model.layers.0.mlp.down_proj": .int4, "lm_head": .bfloat16])),
    ]

    @Test(arguments: ImportedModelTests.names)
    func `logits agree with the model layer by layer, in the same bits where nothing is hidden`(name: String) throws {
        let model = try ModelFixture(name, in: "imported").model
        var reader = Reader(try #require(PreparedModel(model)))
        let prompts: [[Int32]] = [
            [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21], [9], [30, 31],
        ]
        let logits = reader.read(prompts.map { (reader.addSequence(), $0) })
        for (prompt, found) in zip(prompts, logits) {
            let expected = noGrad { model(Tensor(prompt.map(Int.init), shape: [1, prompt.count])) }[0, -1]
            #expect(distance(Tensor(found), expected) < 1e-5)
            let isFull = (0..<model.configuration.layerCount).allSatisfy {
                model.configuration.attentionKind(ofLayer: $0) == .full
            }
            if isFull && Torch.computesTokensAlike { #expect(found == expected.toArray(Float.self)) }
        }
    }

    @Test(arguments: plans.indices, KeyValuePages.Entry.allCases)
    func `a token's logits have the same bits in any batch, cut anywhere, with one thread or two`(
        plan: Int, entry: KeyValuePages.Entry
    ) throws {
        let shape = ModelConfiguration(
            vocabularySize: 90, hiddenSize: 64, intermediateSize: 192, layerCount: 3, headCount: 6, kvHeadCount: 2,
            headSize: 32, maxPositionCount: 128, attention: [.full, .sliding(window: 20), .full], initializerRange: 0.2)
        let network = CausalLanguageModel(shape, generator: Generator(seed: 3))
        let model = try #require(PreparedModel(network, Self.plans[plan].1))
        var random = SplitMix(seed: UInt64(plan) + 1)
        let sequences = (0..<24).map { _ in (0..<1 + random.below(70)).map { _ in Int32(random.below(90)) } }
        let threads = Threads.intraOp
        defer { Threads.set(intraOp: threads) }
        Threads.set(intraOp: 1)
        let alone = sequences.map { tokens in
            var reader = Reader(model, entry: entry)
            return reader.read([(reader.addSequence(), tokens)])[0]
        }
        for round in 0..<4 {
            Threads.set(intraOp: 1 + round % 2)
            var reader = Reader(model, entry: entry)
            var left = sequences.map { (reader.addSequence(), $0[...]) }
            while !left.isEmpty {
                left.shuffle(using: &random)
                let count = 1 + random.below(left.count)
                let pieces = left[..<count].map { ($0.0, Array($0.1.prefix(1 + random.below(40)))) }
                for (number, logits) in reader.read(pieces).enumerated() {
                    left[number].1 = left[number].1.dropFirst(pieces[number].1.count)
                    guard left[number].1.isEmpty else { continue }
                    #expect(logits == alone[left[number].0], "sequence \(left[number].0), round \(round)")
                }
                left.removeAll { $0.1.isEmpty }
            }
        }
    }

    @Test(arguments: [(2, 2, 64), (4, 4, 32), (6, 2, 32), (4, 2, 64), (3, 3, 32)], plans.indices)
    func `single tokens have the same bits whichever threads compute which heads`(
        heads: (queries: Int, keys: Int, size: Int), plan: Int
    ) throws {
        var shape = ModelConfiguration(
            vocabularySize: 90, hiddenSize: 64, intermediateSize: 192, layerCount: 2, headCount: heads.queries,
            kvHeadCount: heads.keys, headSize: heads.size, maxPositionCount: 128,
            attention: [.full, .sliding(window: 20)], initializerRange: 0.2)
        if heads.queries == 4 { shape.kind = .qwen3 }
        let network = CausalLanguageModel(shape, generator: Generator(seed: 3))
        let model = try #require(PreparedModel(network, Self.plans[plan].1))
        let threads = Threads.intraOp
        defer { Threads.set(intraOp: threads) }
        func logits(threads: Int) -> [[[Float]]] {
            Threads.set(intraOp: threads)
            var reader = Reader(model)
            let sequences = [reader.addSequence(), reader.addSequence()]
            return (0..<40).map { place in
                let token = [Int32(place * 31 % 90)]
                return reader.read(sequences.prefix(1 + place / 30).map { ($0, token) })
            }
        }
        let expected = logits(threads: 1)
        for count in [2, 3] { #expect(logits(threads: count) == expected, "\(count) threads") }
    }

    @Test(arguments: [(LayerPrecision.bfloat16, 0.02), (.int8, 0.08), (.int4, 0.6)])
    func `logits in fewer bits are near those in 32`(precision: LayerPrecision, bound: Double) throws {
        let shape = ModelConfiguration(
            vocabularySize: 90, hiddenSize: 128, intermediateSize: 320, layerCount: 2, headCount: 4,
            maxPositionCount: 64, initializerRange: 0.1)
        let network = CausalLanguageModel(shape, generator: Generator(seed: 5))
        let tokens = (0..<40).map { Int32($0 * 31 % 90) }
        func logits(_ precision: LayerPrecision, _ entry: KeyValuePages.Entry = .float32) throws -> Tensor {
            var reader = Reader(try #require(PreparedModel(network, PrecisionPlan(precision))), entry: entry)
            return Tensor(reader.read([(reader.addSequence(), tokens)])[0])
        }
        let exact = try logits(.float32)
        func relativeDistance(_ found: Tensor) -> Double {
            let square: Double = ((found - exact).pow(2).sum() / exact.pow(2).sum()).item()
            return square.squareRoot()
        }
        #expect(relativeDistance(try logits(precision)) < bound)
        #expect(relativeDistance(try logits(.float32, .int8)) < 0.02)
    }

    @Test func `a model with adapters is not prepared`() {
        let shape = ModelConfiguration(
            vocabularySize: 20, hiddenSize: 16, intermediateSize: 32, layerCount: 1, headCount: 2, maxPositionCount: 32)
        let network = CausalLanguageModel(shape, generator: Generator(seed: 5))
        #expect(PreparedModel(network) != nil)
        #expect(PreparedModel(network.adapted(AdapterConfiguration(), generator: Generator(seed: 1))) == nil)
    }
}
