import Foundation
import Glibc
import Synchronization

/// A server on this machine that does to its clients whatever a test tells it to: one request a connection, each on a
/// thread of its own.
public final class HostileServer: Sendable {
    public typealias Script = @Sendable (_ request: ReceivedRequest, _ connection: HostileConnection) -> Void

    private struct State {
        var requests: [ReceivedRequest] = []
        var isStopped = false
    }

    private let listener: Int32
    private let script: Script
    private let state = Mutex(State())
    /// Where it listens; the system chose the port.
    public let url: String

    public init(_ script: @escaping Script) throws {
        self.script = script
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listener, generic, length) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, generic, &length) == 0
            }
        }
        guard isBound else { throw Unbound(code: errno) }
        self.listener = listener
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        Thread { [self] in takeConnections() }.start()
    }

    struct Unbound: Error {
        let code: Int32
    }

    deinit {
        stop()
    }

    /// Takes no more connections: from now on nothing listens.
    public func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        _ = Glibc.close(listener)
    }

    /// What was asked so far, in the order of arrival.
    public var requests: [ReceivedRequest] { state.withLock { $0.requests } }

    private func takeConnections() {
        while true {
            let descriptor = Int32(uninterrupted { Int(Glibc.accept(listener, nil, nil)) })
            guard descriptor >= 0 else { return }
            Thread { [self] in
                let connection = HostileConnection(descriptor)
                if let request = connection.readRequest() {
                    state.withLock { $0.requests.append(request) }
                    script(request, connection)
                }
                connection.close()
            }.start()
        }
    }
}

/// What a system call says once no signal came in between: one comes when any test's process ends.
private func uninterrupted(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// A request as it came in.
public struct ReceivedRequest: Sendable {
    public let method: String
    public let path: String
    /// By names in lower case.
    public let headers: [String: String]
    public let body: String

    /// The body as a JSON object.
    public var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
    }
}

/// The server's end of one connection.
public final class HostileConnection: Sendable {
    private let descriptor: Int32
    private let isOpen = Mutex(true)

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    public func send(_ text: String) {
        send(Array(text.utf8))
    }

    public func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in
                uninterrupted { Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    public func answer(_ body: String, headers: [String: String] = [:]) {
        answer(200, body, headers: headers)
    }

    /// A whole answer.
    public func answer(_ status: Int, _ body: String, headers: [String: String] = [:]) {
        let lines = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        send(
            "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\nContent-Type: application/json\r\n\(lines)"
                + "Connection: close\r\n\r\n\(body)")
    }

    /// The head of a stream of events, whose end is the connection's.
    public func beginEvents() {
        send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
                + "Connection: close\r\n\r\n")
    }

    public func event(_ data: String) {
        chunk("data: \(data)\n\n")
    }

    public func chunk(_ text: String) {
        send(String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n")
    }

    /// Ends a stream as it should end.
    public func endEvents() {
        event("[DONE]")
        send("0\r\n\r\n")
    }

    /// Waits until the client closes; false when it has not within the time, which is long: the test that is to close
    /// may stand behind hundreds of others. With it a server is silent.
    @discardableResult
    public func waitForClose(milliseconds: Int32 = 600_000) -> Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN | 0x2000), revents: 0)
        return uninterrupted { Int(poll(&watched, 1, milliseconds)) } > 0
    }

    /// Goes away with a reset, so that what was sent may be lost too.
    public func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    public func close() {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if wasOpen { _ = Glibc.close(descriptor) }
    }

    func readRequest() -> ReceivedRequest? {
        var bytes: [UInt8] = []
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let lines = text[..<end.lowerBound].split(separator: "\r\n")
                let words = lines.first?.split(separator: " ").map(String.init) ?? []
                let pairs = lines.dropFirst().compactMap { line -> (String, String)? in
                    line.firstIndex(of: ":").map {
                        (line[..<$0].lowercased(), line[line.index(after: $0)...].trimmingCharacters(in: .whitespaces))
                    }
                }
                let headers = Dictionary(pairs) { $1 }
                let wanted = headers["content-length"].flatMap { Int($0) } ?? 0
                let body = text[end.upperBound...]
                if body.utf8.count >= wanted, words.count > 1 {
                    return ReceivedRequest(method: words[0], path: words[1], headers: headers, body: String(body))
                }
            }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = uninterrupted { recv(descriptor, &buffer, buffer.count, 0) }
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }
}
