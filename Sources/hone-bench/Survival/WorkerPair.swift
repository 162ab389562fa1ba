import Foundation

/// Some `hone-worker` processes, two unless said otherwise, the program that was built beside this one.
struct WorkerPair {
    private let environment: [String: String]
    private let count: Int
    private var workers: [Process] = []

    /// - Parameters:
    ///   - url: of the database
    ///   - artifacts: the folder of the artifact store
    ///   - count: how many
    init(url: String, artifacts: String, count: Int = 2) {
        self.count = count
        environment = ProcessInfo.processInfo.environment.merging(
            ["HONE_DATABASE_URL": url, "HONE_ARTIFACTS": artifacts]) { $1 }
    }

    /// The processes that were started last.
    var pids: [Int32] { workers.map(\.processIdentifier) }

    /// Starts as many as are missing.
    mutating func fill() throws {
        workers.removeAll { !$0.isRunning }
        while workers.count < count { workers.append(try spawn()) }
    }

    /// Waits for the end of one that was killed, and starts another.
    mutating func replace(_ pid: Int32) throws {
        workers.first { $0.processIdentifier == pid }?.waitUntilExit()
        try fill()
    }

    mutating func stop() {
        for worker in workers {
            kill(worker.processIdentifier, SIGKILL)
            worker.waitUntilExit()
        }
        workers = []
    }

    private func spawn() throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "hone-worker")
        process.arguments = ["work", "--log-level", "error"]
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }
}
