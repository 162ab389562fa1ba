import Foundation
import Testing

/// A `hone-worker` process, or one of another program that was built together with the tests.
///
/// It talks to the tests through files, so that no pipe that another child has inherited can hold anything up.
struct WorkerProcess: Sendable {
    private let pid: pid_t
    private let folder: Folder
    private let exit: Task<Int32, Never>

    /// Starts `PROGRAM ARGUMENTS…`. Should the tests be killed, it is killed too.
    init(
        _ arguments: [String], program: String = "hone-worker", environment: [String: String], input: String = ""
    ) throws {
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: program).path
        let folder = FileManager.default.temporaryDirectory.appending(path: "hone-process-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(input.utf8).write(to: folder.appending(path: "input"))
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pid = try Child.spawn(
            [program] + arguments, environment: all.map { "\($0)=\($1)" },
            files: ["input", "output", "errors"].map { folder.appending(path: $0).path })
        exit = Task.detached { await Child.exitStatus(of: pid) }
        self.pid = pid
        self.folder = Folder(url: folder)
        try Leash.put(on: pid, running: program)
    }

    /// kill -9.
    func killHard() async {
        kill(pid, SIGKILL)
        _ = await status
    }

    /// SIGTERM: asks it to drain.
    func terminate() {
        kill(pid, SIGTERM)
    }

    /// The exit status, when it has ended; that of a killed one is 128 and the signal.
    var status: Int32 {
        get async { await exit.value }
    }

    /// What it printed, when it has ended.
    var printed: String {
        get async {
            _ = await status
            return text("output")
        }
    }

    /// What it has said on standard error so far.
    var complaints: String { text("errors") }

    private func text(_ name: String) -> String {
        String(
            decoding: FileManager.default.contents(atPath: folder.url.appending(path: name).path) ?? Data(),
            as: UTF8.self)
    }
}

/// Goes with the last that knows the process.
private final class Folder: Sendable {
    let url: URL

    init(url: URL) {
        self.url = url
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            Issue.record("\(url.path) stays behind: \(error)")
        }
    }
}

/// Children made without pipes.
private enum Child {
    /// Starts a program; `files` become its standard input, output and error.
    static func spawn(_ words: [String], environment: [String], files: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, file) in files.enumerated() {
            let mode = descriptor == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC
            posix_spawn_file_actions_addopen(&actions, Int32(descriptor), file, mode, 0o600)
        }
        var arguments = words.map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, words[0], &actions, nil, &arguments, &variables)
        try #require(code == 0, "\(words[0]): \(String(cString: strerror(code)))")
        return pid
    }

    /// Waits on a thread of its own.
    static func exitStatus(of pid: pid_t) async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var status: Int32 = 0
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                let signal = status & 0x7f
                continuation.resume(returning: signal == 0 ? (status >> 8) & 0xff : 128 + signal)
            }
        }
    }
}

/// Kills a process when this one is gone, however it went: the kernel closes the pipe between them.
private enum Leash {
    /// A process that has ended is not killed again, since its number may be somebody else's by then.
    private static let script = #"cat >/dev/null; [ "$(readlink "/proc/$1/exe")" = "$2" ] && kill -9 "$1""#

    static func put(on process: pid_t, running program: String) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // The writing end stays open, and in no other process, for as long as this one lives.
        let words = ["/usr/bin/setsid", "/bin/sh", "-c", script, "leash", "\(process)", program]
        _ = try Child.spawn(words, environment: [], files: ["/proc/self/fd/\(ends[0])", "/dev/null", "/dev/null"])
        close(ends[0])
    }
}
