import Foundation

/// The running verifier and the socket to it, which is its standard input and output.
struct VerifierChild {
    private let program: String
    private let process: pid_t
    private let socket: CInt
    /// Longer lines are no verdicts.
    private static let lineLimit = 1 << 16

    private struct Ready: Decodable {
        let ready: Bool
    }

    /// Starts it in a process group of its own, so that what it starts goes with it.
    init(_ command: [String]) throws(VerifierFault) {
        program = command[0]
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw .noStart(program: program, reason: String(cString: strerror(errno)))
        }
        defer { close(ends[1]) }
        var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for descriptor: CInt in [0, 1] { posix_spawn_file_actions_adddup2(&actions, ends[1], descriptor) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var arguments = command.map { strdup($0) } + [nil]
        var variables = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var started = pid_t()
        let code = posix_spawn(&started, program, &actions, &attributes, &arguments, &variables)
        guard code == 0 else {
            close(ends[0])
            throw .noStart(program: program, reason: String(cString: strerror(code)))
        }
        process = started
        socket = ends[0]
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    }

    /// kill -9 of it and of all that it started.
    func end() {
        _ = kill(-process, SIGKILL)
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
        close(socket)
    }

    func waitUntilReady(within limit: Duration) throws(VerifierFault) {
        do throws(VerifierFault) {
            let line = try readLine(until: .now + limit, limit: limit)
            guard let said = Self.decode(Ready.self, line), said.ready else { throw .nonsense(line: Self.text(line)) }
        } catch .late {
            throw .notReady(program: program, limit: limit)
        }
    }

    func ask(_ question: VerifierQuestion, within limit: Duration) throws(VerifierFault) -> VerifierFinding {
        let deadline = ContinuousClock.now + limit
        do {
            try transmit(JSONEncoder().encode(question) + Data("\n".utf8), until: deadline, limit: limit)
        } catch let fault as VerifierFault {
            throw fault
        } catch {
            throw .nonsense(line: "\(error)")
        }
        let line = try readLine(until: deadline, limit: limit)
        guard let finding = Self.decode(VerifierFinding.self, line) else { throw .nonsense(line: Self.text(line)) }
        return finding
    }

    private func transmit(_ data: Data, until deadline: ContinuousClock.Instant, limit: Duration) throws(VerifierFault)
    {
        var rest = ArraySlice(data)
        while !rest.isEmpty {
            let flags = CInt(MSG_NOSIGNAL)
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, flags) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                try wait(for: POLLOUT, until: deadline, limit: limit)
            } else if errno != EINTR {
                throw .ended
            }
        }
    }

    /// A question has one answer, so nothing follows the line.
    private func readLine(
        until deadline: ContinuousClock.Instant, limit: Duration
    ) throws(VerifierFault) -> ArraySlice<UInt8> {
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while line.last != UInt8(ascii: "\n") {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count > 0 {
                line += buffer.prefix(count)
                guard line.count <= Self.lineLimit else { throw .nonsense(line: "a line without end") }
            } else if count == 0 {
                throw .ended
            } else if errno == EAGAIN {
                try wait(for: POLLIN, until: deadline, limit: limit)
            } else if errno != EINTR {
                throw .ended
            }
        }
        return line.dropLast()
    }

    private func wait(
        for event: CInt, until deadline: ContinuousClock.Instant, limit: Duration
    ) throws(VerifierFault) {
        let left = (deadline - .now) / .milliseconds(1)
        guard left > 0 else { throw .late(limit: limit) }
        var polled = pollfd(fd: socket, events: Int16(event), revents: 0)
        let count = poll(&polled, 1, CInt(min(left.rounded(.up), 1e9)))
        if count == 0 { throw .late(limit: limit) }
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ line: ArraySlice<UInt8>) -> Value? {
        do {
            return try JSONDecoder().decode(type, from: Data(line))
        } catch {
            // The line itself is what the fault shows.
            return nil
        }
    }

    private static func text(_ line: ArraySlice<UInt8>) -> String { String(decoding: line.prefix(200), as: UTF8.self) }
}
