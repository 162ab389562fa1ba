/// One request on its way, and how far its answer has come. It lives on the thread of the transfers.
final class Transfer {
    let ticket: UInt64
    let easy: CurlEasy
    private let exchange: Exchange
    private let address: String
    private let limits: HTTPLimits
    private let startedAt = ContinuousClock.now
    private var lastByteAt: ContinuousClock.Instant?
    private var isHeldBack = false
    private var receivedByteCount = 0
    private var headByteCount = 0
    private var status = 0
    private var headers: [String: String] = [:]
    /// Why libcurl was told to stop.
    private var fault: HTTPError?

    private static let headLimit = 256 << 10

    init(_ request: HTTPRequest, _ exchange: Exchange, ticket: UInt64) {
        self.ticket = ticket
        self.exchange = exchange
        address = request.address.shown
        limits = request.limits
        easy = CurlEasy(request)
        easy.deliver(to: self)
    }

    // MARK: Time

    /// The moment at which ``overdue(at:)`` may have something to say.
    var deadline: ContinuousClock.Instant {
        let end = startedAt + limits.total
        if isHeldBack { return end }
        return min(end, lastByteAt.map { $0 + limits.betweenBytes } ?? startedAt + limits.firstByte)
    }

    func overdue(at now: ContinuousClock.Instant) -> HTTPError? {
        if now < deadline { return nil }
        if now >= startedAt + limits.total { return .timedOut(.total, address: address, limit: limits.total) }
        return lastByteAt == nil
            ? .timedOut(.firstByte, address: address, limit: limits.firstByte)
            : .timedOut(.betweenBytes, address: address, limit: limits.betweenBytes)
    }

    // MARK: What comes

    /// One line of the head. False stops the transfer.
    func receive(headLine line: String) -> Bool {
        headByteCount += line.utf8.count
        if headByteCount > Self.headLimit { return stop(.tooLarge(address: address, limit: Self.headLimit)) }
        let text = line.filter { $0 != "\r" && $0 != "\n" && $0 != "\r\n" }
        if text.hasPrefix("HTTP/") {
            status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            headers = [:]
        } else if text.isEmpty {
            if status >= 200 { exchange.deliver(HTTPHead(status: status, headers: headers)) }
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " }
            headers[text[..<colon].lowercased()] = String(value)
        }
        return true
    }

    enum Reception {
        case taken
        /// Nobody reads; the same bytes come again after ``goOn()``.
        case heldBack
        case stopped
    }

    func receive(_ bytes: [UInt8]) -> Reception {
        lastByteAt = .now
        if receivedByteCount + bytes.count > limits.bodyByteCount {
            _ = stop(.tooLarge(address: address, limit: limits.bodyByteCount))
            return .stopped
        }
        guard exchange.deliver(bytes) else {
            isHeldBack = true
            return .heldBack
        }
        receivedByteCount += bytes.count
        return .taken
    }

    func goOn() {
        guard isHeldBack else { return }
        isHeldBack = false
        lastByteAt = .now
        easy.goOn()
    }

    private func stop(_ error: HTTPError) -> Bool {
        fault = error
        return false
    }

    // MARK: The end

    func end(_ outcome: CurlOutcome) {
        if let fault { return end(with: fault) }
        switch outcome {
        case .whole: exchange.end(.success(()))
        case .unreachable(let reason): end(with: .unreachable(address: address, reason: reason))
        case .noConnection: end(with: .timedOut(.connect, address: address, limit: limits.connect))
        case .cut(let reason):
            end(with: .cut(address: address, receivedByteCount: receivedByteCount, reason: reason))
        case .garbage(let reason): end(with: .garbage(address: address, reason: reason))
        case .secure(let reason): end(with: .secure(address: address, reason: reason))
        }
    }

    func end(with error: HTTPError) {
        exchange.end(.failure(error))
    }
}

extension HTTPAddress {
    /// Without the query, for errors.
    var shown: String { description.prefix { $0 != "?" }.description }
}
