/// Why a transfer came to nothing. Addresses in it carry no user, password or query, and nothing of it is a secret.
public enum HTTPError: Error, Sendable, Equatable {
    /// What was to run out of time.
    public enum Phase: String, Sendable {
        case connect
        /// Nothing of the body had come yet.
        case firstByte
        /// The body had begun and went silent.
        case betweenBytes
        /// The body went on, and took too long altogether.
        case total
    }

    case badAddress(String, reason: String)
    case badHeader(name: String)
    /// No connection: nothing was sent.
    case unreachable(address: String, reason: String)
    case timedOut(Phase, address: String, limit: Duration)
    /// The connection ended before the answer did.
    case cut(address: String, receivedByteCount: Int, reason: String)
    /// What came is no HTTP.
    case garbage(address: String, reason: String)
    case tooLarge(address: String, limit: Int)
    case secure(address: String, reason: String)
    /// The task that asked was cancelled, and the connection closed with it.
    case cancelled
    /// The client was closed.
    case closed
}

extension HTTPError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badAddress(let text, let reason): "'\(text)' is no address of a server: \(reason)"
        case .badHeader(let name): "the value of the header \(name) has a line break in it"
        case .unreachable(let address, let reason): "\(address) cannot be reached: \(reason)"
        case .timedOut(.connect, let address, let limit): "no connection to \(address) within \(limit)"
        case .timedOut(.firstByte, let address, let limit): "\(address) was silent for \(limit) and sent nothing"
        case .timedOut(.betweenBytes, let address, let limit):
            "\(address) went silent for \(limit) in the middle of its answer"
        case .timedOut(.total, let address, let limit): "the answer of \(address) was not whole after \(limit)"
        case .cut(let address, let count, let reason):
            "\(address) broke off after \(count) bytes of its answer: \(reason)"
        case .garbage(let address, let reason): "\(address) does not speak HTTP: \(reason)"
        case .tooLarge(let address, let limit): "the answer of \(address) is larger than \(limit) bytes"
        case .secure(let address, let reason): "no secure connection to \(address): \(reason)"
        case .cancelled: "cancelled"
        case .closed: "the HTTP client is closed"
        }
    }
}
