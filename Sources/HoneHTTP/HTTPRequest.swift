/// One request.
public struct HTTPRequest: Sendable {
    public var address: HTTPAddress
    /// Sent with POST; nil sends a GET.
    public var body: [UInt8]?
    public var headers: [(name: String, value: String)] = []
    /// Sent as a bearer token.
    public var key: Secret?
    public var limits: HTTPLimits

    public init(_ address: HTTPAddress, body: [UInt8]? = nil, key: Secret? = nil, limits: HTTPLimits = HTTPLimits()) {
        self.address = address
        self.body = body
        self.key = key
        self.limits = limits
    }
}

/// What a transfer may take.
public struct HTTPLimits: Sendable, Equatable {
    public var connect = Duration.seconds(10)
    /// From the start to the first byte of the body.
    public var firstByte = Duration.seconds(60)
    /// Between two bytes of the body; time in which nobody reads does not count.
    public var betweenBytes = Duration.seconds(30)
    public var total = Duration.seconds(3600)
    public var bodyByteCount = 16 << 20

    public init() {}
}

/// The beginning of an answer.
public struct HTTPHead: Sendable, Equatable {
    public let status: Int
    /// By names in lower case; of a name that comes twice the last one counts.
    public let headers: [String: String]
}

/// A whole answer.
public struct HTTPResponse: Sendable, Equatable {
    public let head: HTTPHead
    public let body: [UInt8]
}
