import Foundation
import Synchronization
import Testing

/// A `hone` that waits for keys: its input is a pipe that stays open, or a terminal.
final class Sitting {
    private let process = Process()
    private let input = Pipe()

    init(_ words: [String], database url: String, terminal: Terminal? = nil) throws {
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(
            path: "hone")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(["HONE_DATABASE_URL": url]) { $1 }
        process.standardInput = terminal?.handle ?? input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// The exit status, when it has ended.
    var status: Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Sends a signal and waits for the end.
    @discardableResult
    func end(with signal: Int32) -> Int32 {
        kill(process.processIdentifier, signal)
        return status
    }
}

/// A terminal of the test's own.
final class Terminal {
    /// TIOCSPTLCK and TIOCGPTN of Linux, which Swift does not import.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    private let master: Int32
    /// The side that a program sees.
    let handle: FileHandle

    init() throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var isLocked: Int32 = 0
        var number: UInt32 = 0
        try #require(
            master >= 0 && ioctl(master, Self.setLock, &isLocked) == 0 && ioctl(master, Self.getNumber, &number) == 0)
        let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(slave >= 0)
        handle = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
    }

    deinit {
        close(master)
    }

    func press(_ keys: String) {
        let bytes = Array(keys.utf8)
        #expect(write(master, bytes, bytes.count) == bytes.count)
    }

    /// Whether keys come at once and unseen.
    var isRaw: Bool {
        var settings = termios()
        return tcgetattr(handle.fileDescriptor, &settings) == 0 && settings.c_lflag & tcflag_t(ICANON | ECHO) == 0
    }
}
