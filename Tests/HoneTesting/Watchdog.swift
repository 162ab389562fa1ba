import Foundation
public import HoneEmbedded
import Synchronization

/// A child process that outlives this one for a moment: when the pipe between them closes, it stops the server and
/// removes its directory. The kernel closes the pipe also for a process that was killed.
public enum Watchdog {
    public static func start(removing home: EmbeddedHome) throws {
        let pipe = Pipe()
        // Only this process may hold the writing end, for as long as it lives.
        _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/setsid")
        process.arguments = ["/bin/sh", "-c", script, "watchdog", home.path]
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.currentDirectoryURL = URL(filePath: "/")
        try process.run()
        kept.withLock { $0.append(pipe) }
    }

    private static let kept = Mutex<[Pipe]>([])

    /// The server may be on its way up when its parent dies; so look again until it has had the time to come.
    private static let script = """
        cat > /dev/null
        for attempt in 1 2 3 4 5 6 7 8 9 10; do
            if [ -f "$1/postgres/data/postmaster.pid" ]; then
                kill -QUIT "$(head -n 1 "$1/postgres/data/postmaster.pid")"
            fi
            rm -rf "$1" && [ "$attempt" -gt 5 ] && exit
            sleep 0.2
        done
        """
}
