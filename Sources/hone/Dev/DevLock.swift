import Foundation

/// One `hone dev` in a directory: a file lock, which ends with the process however that ends.
struct DevLock {
    private let descriptor: Int32

    init(home: String) throws(CommandError) {
        do {
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        } catch {
            throw .fileUnreadable(path: home, reason: CommandError.reason(of: error))
        }
        let path = home + "/dev.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .fileUnreadable(path: path, reason: String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .alreadyRunning(home: home, process: Self.holder(path))
        }
        record()
    }

    /// The file's content is the process id, for the message of a second `hone dev`.
    private func record() {
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        write(descriptor, text, text.utf8.count)
    }

    private static func holder(_ path: String) -> String {
        let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func release() {
        close(descriptor)
    }
}
