import HoneModel
import Synchronization

/// The weights that the row engine computes with, and those that are to follow.
///
/// Used by one thread, but for ``replace(by:version:)``.
final class ServedWeights {
    private(set) var model: PreparedModel
    private(set) var version: Int
    let pool: PagePool
    private let next: NextWeights

    init(_ model: PreparedModel, version: Int, limits: GenerationLimits, next: NextWeights) {
        self.model = model
        self.version = version
        pool = PagePool(model, byteCount: limits.cacheByteCount, entry: limits.cacheEntry)
        self.next = next
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
