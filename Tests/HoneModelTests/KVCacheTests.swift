import HoneModel
import HoneTensor
import Testing

@Suite struct KVCacheTests {
    /// Reads `rows`, then appends `next` token by token; gives the logits of every step.
    private func generate(_ model: CausalLanguageModel, rows: [[Int]], next: [[Int]]) -> [Tensor] {
        let cache = KVCache(model.configuration, rowCapacity: rows.count, tokenCapacity: 40)
        return noGrad {
            var steps = [model.prefill(line(rows), cache: cache)]
            for column in next { steps.append(model.decode(Tensor(column), cache: cache)) }
            return steps
        }
    }

    private func line(_ rows: [[Int]]) -> TokenLine { TokenLine(rows.map { $0.map(Int32.init) }) }

    private let rows = [[3, 4, 5, 6, 7], [8, 9], [10, 11, 12, 13, 14, 15, 16, 17, 18], [19]]
    private let next = [[20, 21, 22, 23], [24, 25, 26, 27], [28, 29, 30, 31]]

    @Test(arguments: ["llama", "qwen2"])
    func `decoding with a cache gives what a full forward pass gives, for rows of any lengths`(name: String) throws {
        let model = try ModelFixture(name).model
        let steps = generate(model, rows: rows, next: next)
        for (b, row) in rows.enumerated() {
            let whole = noGrad { model(Tensor([row + next.map { $0[b] }])) }
            for (i, step) in steps.enumerated() {
                #expect(distance(step[b], whole[0, row.count - 1 + i]) < 1e-5, "row \(b), step \(i)")
            }
        }
    }

    @Test func `T23: decoding gives what a full forward pass gives over thousands of tokens`() {
        let shape = ModelConfiguration(
            vocabularySize: 64, hiddenSize: 32, intermediateSize: 64, layerCount: 2, headCount: 4, kvHeadCount: 2,
            maxPositionCount: 256, initializerRange: 0.2)
        let model = CausalLanguageModel(shape, generator: Generator(seed: 5))
        let (rowCount, length) = (24, 200)
        let ids = (0..<rowCount * length).map { ($0 * 7919 + $0 / length * 31) % 64 }
        let ids_BT = Tensor(ids, shape: [rowCount, length])
        let cache = KVCache(shape, rowCapacity: rowCount, tokenCapacity: length)
        noGrad {
            let whole_BTV = model(ids_BT)
            _ = model.prefill(TokenLine(rows: ids_BT.narrow(1, start: 0, length: 1)), cache: cache)
            for t in 1..<length {
                let logits_BV = model.decode(ids_BT.select(1, t), cache: cache)
                #expect(distance(logits_BV, whole_BTV.select(1, t)) <= 1e-5, "token \(t)")
            }
        }
    }

    @Test func `a row's logits do not depend on its neighbours`() throws {
        let model = try ModelFixture("llama").model
        let together = generate(model, rows: rows, next: next)
        for b in rows.indices {
            let alone = generate(model, rows: [rows[b], rows[b]], next: next.map { [$0[b], $0[b]] })
            for (one, many) in zip(alone, together) { #expect(distance(one[0], many[b]) < 1e-6) }
        }
    }

    @Test func `removing a row moves the last into its place and leaves the others alone`() throws {
        let model = try ModelFixture("llama").model
        let cache = KVCache(model.configuration, rowCapacity: 4, tokenCapacity: 40)
        noGrad { _ = model.prefill(line([[3, 4, 5], [6, 7], [8]]), cache: cache) }
        cache.remove(row: 0)
        #expect(cache.lengths == [1, 2])
        noGrad { _ = model.prefill(line([[9, 10, 11, 12]]), cache: cache) }
        let logits = noGrad { model.decode(Tensor([13, 14, 15]), cache: cache) }
        for (b, row) in [[8, 13], [6, 7, 14], [9, 10, 11, 12, 15]].enumerated() {
            let whole = noGrad { model(Tensor([row])) }
            #expect(distance(logits[b], whole[0, -1]) < 1e-5, "row \(b)")
        }
    }
}
