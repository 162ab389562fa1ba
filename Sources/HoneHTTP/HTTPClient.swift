/// Sends requests over libcurl, from one thread of its own; any number at a time.
///
/// A request that is not wanted any more (its task is cancelled, or its body is not read to the end) closes its
/// connection, which is how a server learns that nobody waits.
public final class HTTPClient: Sendable {
    private let loop: TransferLoop

    public init() {
        loop = TransferLoop()
    }

    deinit {
        loop.close()
    }

    /// Sends a request and reads its whole answer, which the request's limits bound.
    public nonisolated(nonsending) func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        do {
            return try await stream(request) { head, body in
                var bytes: [UInt8] = []
                for try await chunk in body { bytes += chunk }
                return HTTPResponse(head: head, body: bytes)
            }
        } catch let error as HTTPError {
            throw error
        } catch {
            throw .cancelled  // `stream` throws nothing else when its body does not
        }
    }

    /// Sends a request and hands the answer to `body` as it comes; the server is held back while `body` does not read.
    /// - Throws: `HTTPError`, or what `body` throws.
    public nonisolated(nonsending) func stream<Value>(
        _ request: HTTPRequest, _ body: (HTTPHead, HTTPBody) async throws -> Value
    ) async throws -> Value {
        let exchange = Exchange()
        let ticket = try loop.start(request, exchange)
        defer { loop.cancel(ticket) }
        return try await withTaskCancellationHandler {
            let bytes = HTTPBody(exchange: exchange) { [loop] in loop.resume(ticket) }
            let head = try await exchange.head()
            return try await body(head, bytes)
        } onCancel: {
            loop.cancel(ticket)
        }
    }
}

/// The body of an answer, chunk by chunk as it came; for one reader, inside the call that sent the request.
public struct HTTPBody: AsyncSequence, Sendable {
    let exchange: Exchange
    let resume: @Sendable () -> Void

    public func makeAsyncIterator() -> Iterator {
        Iterator(body: self)
    }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let body: HTTPBody

        public mutating func next() async throws(HTTPError) -> [UInt8]? {
            try await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(HTTPError) -> [UInt8]? {
            let (chunk, isThirsty) = try await body.exchange.chunk()
            if isThirsty { body.resume() }
            return chunk
        }
    }
}
