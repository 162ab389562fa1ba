import Foundation
import HoneConcurrency

/// A lock on a file, held by one process at a time and let go by the kernel when that process dies.
struct StartLock: ~Copyable {
    fileprivate let descriptor: Int32

    /// Waits for the lock.
    static func acquire(_ path: String) async throws(EmbeddedError) -> StartLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(path) }
        let isLocked = await offload { flock(descriptor, LOCK_EX) == 0 }
        guard isLocked else { throw .system(path) }
        return StartLock(descriptor: descriptor)
    }

    deinit {
        close(descriptor)
    }
}
