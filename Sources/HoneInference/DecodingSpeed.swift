public import HoneModel
import HoneTensor

/// How fast a packed model reads and writes, by the engine's own steps on fixed tokens.
public struct DecodingSpeed: Sendable {
    private let model: PreparedModel
    private let entry: KeyValuePages.Entry

    /// With keys and values as the model keeps them where it is served.
    public init(_ model: PreparedModel) {
        self.model = model
        entry = model.configuration.cacheEntry
    }

    /// Tokens a second of prompts of `length` tokens, read in steps of 512 tokens or one prompt.
    public func prefill(length: Int, count: Int) -> Double {
        let runs = Sequences(model, batch: count, length: length, entry)
        return Double(length * count) / seconds { runs.prefill() }
    }

    /// Tokens a second of `batch` rows that each write `newCount` tokens behind `promptLength`.
    public func decode(batch: Int, promptLength: Int, newCount: Int) -> Double {
        let runs = Sequences(model, batch: batch, length: promptLength + newCount, entry)
        return Double(batch * newCount)
            / seconds { for past in promptLength..<promptLength + newCount { runs.step(past: past) } }
    }

    private func seconds(_ body: () -> Void) -> Double {
        inferenceMode {
            let start = ContinuousClock.now
            body()
            return (ContinuousClock.now - start) / .seconds(1)
        }
    }

    /// Rows whose tokens are known beforehand: which token is picked costs the same.
    private struct Sequences {
        let model: PreparedModel
        let batch: Int
        let length: Int
        let pages: KeyValuePages
        let tables: [[Int32]]

        /// With keys and values of all tokens: the memory is there, as that of an engine that has answered before.
        init(_ model: PreparedModel, batch: Int, length: Int, _ entry: KeyValuePages.Entry) {
            self.model = model
            self.batch = batch
            self.length = length
            let perRow = KeyValuePages.count(forTokens: length)
            pages = model.makePages(count: batch * perRow, entry: entry)
            tables = (0..<batch).map { row in (0..<perRow).map { Int32(row * perRow + $0) } }
            inferenceMode { prefill() }
        }

        private func token(_ row: Int, _ place: Int) -> Int32 {
            Int32((row * 7919 + place * 104_729 + 17) % min(model.configuration.vocabularySize, 256))
        }

        func prefill() {
            var first = 0
            while first < batch {
                var step = NetworkStep()
                let end = min(batch, first + max(1, 512 / length))
                for row in first..<end {
                    step.add((0..<length).map { token(row, $0) }, past: 0, pages: tables[row], isRead: true)
                }
                _ = model(step, pages: pages)
                first = end
            }
        }

        func step(past: Int) {
            var step = NetworkStep()
            for row in 0..<batch {
                step.add(CollectionOfOne(token(row, past)), past: past, pages: tables[row], isRead: true)
            }
            _ = model(step, pages: pages).argmax(dim: -1).toArray(Int.self)
        }
    }
}
