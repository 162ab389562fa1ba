import Foundation

/// Remembers which worker `hone dev` started, so that the next `hone dev` ends one that a kill -9 left behind.
struct WorkerProcessFile {
    private let url: URL

    init(directory: String) {
        url = URL(filePath: directory).appending(path: "worker.pid")
    }

    func record(_ processID: pid_t) throws {
        try Data("\(processID)\n".utf8).write(to: url, options: .atomic)
    }

    func clear() {
        unlink(url.path)
    }

    /// Drains the worker of a `hone dev` that is gone; returns its process id if there was one.
    func stopLeftover() -> pid_t? {
        guard let processID = recorded, isWorker(processID) else { return nil }
        kill(processID, SIGTERM)
        return processID
    }

    private var recorded: pid_t? {
        guard let data = FileManager.default.contents(atPath: url.path) else { return nil }
        return pid_t(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Process ids are used again: only a process that runs our program is ours to end.
    private func isWorker(_ processID: pid_t) -> Bool {
        URL(filePath: "/proc/\(processID)/exe").resolvingSymlinksInPath().lastPathComponent == "hone-worker"
    }
}
