public import HoneModel
public import HoneTensor

/// How fast a packed model reads and writes, by the engine's own steps and picks: rows of pseudo-random prompts, which
/// are decoded greedily, without an early end.
public struct GenerationMeasurement: Sendable {
    /// One run, of rows whose first tokens come from the prefill.
    public struct Run: Sendable {
        public let seconds: Double
        public let prefillSeconds: Double
        /// Tokens of all prompts a second.
        public let prefillSpeed: Double
        /// Tokens of all rows a second behind the first ones; NaN where no more were asked for.
        public let decodeSpeed: Double
        /// Equal for equal tokens.
        public let checksum: Int64
    }

    private let model: PreparedModel
    private let batch: Int
    private let promptLength: Int
    private let newCount: Int
    /// Kept from run to run, as an engine keeps them.
    private let pages: KeyValuePages
    private let pagesPerRow: Int
    /// Tokens of prompts that one step takes in.
    private static let chunk = 512

    /// - Parameters:
    ///   - model: what is measured
    ///   - batch: rows that are decoded together
    ///   - promptLength: tokens of every prompt
    ///   - newCount: tokens that every row writes
    ///   - entry: how keys and values are kept
    public init(
        model: PreparedModel, batch: Int, promptLength: Int, newCount: Int, entry: KeyValuePages.Entry
    ) {
        self.model = model
        self.batch = batch
        self.promptLength = promptLength
        self.newCount = newCount
        pagesPerRow = KeyValuePages.count(forTokens: promptLength + newCount)
        pages = model.makePages(count: batch * pagesPerRow, entry: entry)
    }

    /// The token of a prompt, the same in every program that is compared.
    private func token(_ row: Int, _ place: Int) -> Int32 {
        Int32((row * 7919 + place * 104_729 + 17) % min(model.configuration.vocabularySize, 256))
    }

    /// Reads the prompts and writes the answers once.
    public func run() -> Run {
        let tables = (0..<batch).map { row in (0..<pagesPerRow).map { Int32(row * pagesPerRow + $0) } }
        let greedy = [TokenDraw](repeating: TokenDraw(temperature: 0, uniform: 1), count: batch)
        return inferenceMode {
            let start = ContinuousClock.now
            var next = prefill(tables)
            let prefillSeconds = (ContinuousClock.now - start) / .seconds(1)
            var columns = [next]
            for past in promptLength..<promptLength + newCount - 1 {
                var step = NetworkStep()
                for row in 0..<batch {
                    step.add(CollectionOfOne(next[row]), past: past, pages: tables[row], isRead: true)
                }
                next = model.step(step, pages: pages).pickTokens(of: Array(0..<batch), greedy).map(\.token)
                columns.append(next)
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let all = (0..<batch).flatMap { row in columns.map { Int64($0[row]) } }
            let checksum = all.enumerated().reduce(Int64(0)) { $0 + $1.element * Int64($1.offset % 1009 + 1) }
            return Run(
                seconds: seconds, prefillSeconds: prefillSeconds,
                prefillSpeed: Double(batch * promptLength) / prefillSeconds,
                decodeSpeed: Double(batch * (newCount - 1)) / (seconds - prefillSeconds), checksum: checksum)
        }
    }

    /// Reads the prompts, as many as fit into a step at a time.
    private func prefill(_ tables: [[Int32]]) -> [Int32] {
        let rowsPerStep = max(1, Self.chunk / promptLength)
        var first: [Int32] = []
        while first.count < batch {
            var step = NetworkStep()
            for row in first.count..<min(batch, first.count + rowsPerStep) {
                step.add((0..<promptLength).map { token(row, $0) }, past: 0, pages: tables[row], isRead: true)
            }
            let rows = Array(0..<min(batch, first.count + rowsPerStep) - first.count)
            let draws = [TokenDraw](repeating: TokenDraw(temperature: 0, uniform: 1), count: rows.count)
            first += model.step(step, pages: pages).pickTokens(of: rows, draws).map(\.token)
        }
        return first
    }
}
