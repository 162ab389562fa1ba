import HoneModel
import HoneTensor
import Synchronization

/// The weights that the row engine computes with, and those that are to follow.
///
/// Used by one thread, but for ``replace(by:version:)``.
final class ServedWeights {
    private(set) var model: PreparedModel
    private(set) var version: Int
    /// As large as the limits allow, unless it was made for fewer tokens.
    private(set) lazy var pool = makePool(limits.cacheByteCount)
    private var poolByteCount = 0
    private let limits: GenerationLimits
    private let next: NextWeights

    init(_ model: PreparedModel, version: Int, limits: GenerationLimits, next: NextWeights) {
        self.model = model
        self.version = version
        self.limits = limits
        self.next = next
    }

    /// Makes the pool as large as sequences of so many tokens need it together, within the limits; one that is as
    /// large already is kept with what stands in it. Nothing may be in use.
    func reserve(forSequencesOf tokenCounts: some Sequence<Int>) {
        let pageCount = tokenCounts.reduce(0) { $0 + KeyValuePages.count(forTokens: $1) }
        let shape = model.configuration
        let need = min(limits.cacheByteCount, pageCount * shape.pageByteCount(shape.cacheEntry))
        if poolByteCount < need { pool = makePool(need) }
    }

    private func makePool(_ byteCount: Int) -> PagePool {
        poolByteCount = byteCount
        return PagePool(model, byteCount: byteCount, entry: model.configuration.cacheEntry)
    }

    /// Takes over the weights that wait, if there are some. What is known of prefixes is theirs no more.
    func takeNext() -> Bool {
        guard let (model, version) = next.take() else { return false }
        self.model = model
        self.version = version
        pool.forgetPrefixes()
        return true
    }
}

/// A place where new weights wait for the next step.
final class NextWeights: Sendable {
    private let waiting = Mutex<(model: PreparedModel, version: Int)?>(nil)

    func put(_ model: PreparedModel, version: Int) { waiting.withLock { $0 = (model, version) } }

    func take() -> (model: PreparedModel, version: Int)? {
        waiting.withLock { weights in
            defer { weights = nil }
            return weights
        }
    }
}
