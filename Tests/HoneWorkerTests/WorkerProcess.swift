import Foundation
import Synchronization

/// A `hone-worker` process, the program that was built together with the tests.
final class WorkerProcess: Sendable {
    private let process: Process
    private let output: Pipe
    private let ended = Mutex<(status: Int32?, waiters: [CheckedContinuation<Int32, Never>])>((nil, []))

    /// Starts `hone-worker ARGUMENTS…`. Should the tests be killed, it is killed too.
    init(_ arguments: [String], environment: [String: String], input: String? = nil) throws {
        process = Process()
        output = Pipe()
        process.executableURL = Self.program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = output
        let errors = FileManager.default.temporaryDirectory.appending(path: "hone-worker-\(UUID().uuidString).log")
        try Data().write(to: errors)
        process.standardError = try FileHandle(forWritingTo: errors)
        errorFile = errors
        let inputPipe = Pipe()
        process.standardInput = inputPipe
        process.terminationHandler = { [weak self] process in self?.end(process.terminationStatus) }
        try process.run()
        if let input { inputPipe.fileHandleForWriting.write(Data(input.utf8)) }
        try inputPipe.fileHandleForWriting.close()
        try Leash.put(on: process.processIdentifier)
    }

    private let errorFile: URL

    static var program: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "hone-worker")
    }

    /// kill -9.
    func killHard() async {
        kill(process.processIdentifier, SIGKILL)
        _ = await status
    }

    /// SIGTERM: asks it to drain.
    func terminate() {
        kill(process.processIdentifier, SIGTERM)
    }

    /// The exit status, when it has ended.
    var status: Int32 {
        get async {
            await withCheckedContinuation { continuation in
                let status = ended.withLock { ended -> Int32? in
                    if ended.status == nil { ended.waiters.append(continuation) }
                    return ended.status
                }
                if let status { continuation.resume(returning: status) }
            }
        }
    }

    /// What it printed, when it has ended.
    var printed: String {
        get async {
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            _ = await status
            return text
        }
    }

    /// What it has said on standard error so far.
    var complaints: String {
        get throws { try String(contentsOf: errorFile, encoding: .utf8) }
    }

    private func end(_ status: Int32) {
        let waiters = ended.withLock { ended in
            defer { ended = (status, []) }
            return ended.waiters
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}

/// Kills a process when this one is gone, however it went: the kernel closes the pipe between them.
private enum Leash {
    static func put(on process: pid_t) throws {
        let pipe = Pipe()
        _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        let guardian = Process()
        guardian.executableURL = URL(filePath: "/usr/bin/setsid")
        // A process that has ended is not killed again, since its number may be somebody else's by then.
        guardian.arguments = [
            "/bin/sh", "-c",
            #"cat >/dev/null; [ "$(readlink "/proc/$1/exe")" = "$2" ] && kill -9 "$1""#, "leash", "\(process)",
            WorkerProcess.program.path,
        ]
        guardian.standardInput = pipe
        try guardian.run()
        kept.withLock { $0.append(pipe) }
    }

    private static let kept = Mutex<[Pipe]>([])
}
