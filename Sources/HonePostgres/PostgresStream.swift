/// What a statement sends, in its order, fetched as it is read: a slow reader holds the server back and no more than
/// one batch lies in memory. It is for one reader, inside the call that opened it.
public struct PostgresStream<Element: Sendable>: AsyncSequence, Sendable {
    let connection: PostgresConnection
    /// The next batch, nil at the end.
    let fetch: @Sendable (isolated PostgresConnection) async throws(PostgresError) -> [Element]?

    public func makeAsyncIterator() -> Iterator {
        Iterator(stream: self)
    }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let stream: PostgresStream
        private var batch: [Element] = []
        private var position = 0

        fileprivate init(stream: PostgresStream) {
            self.stream = stream
        }

        public mutating func next() async throws(PostgresError) -> Element? {
            try await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(PostgresError) -> Element? {
            while position == batch.count {
                guard let next = try await stream.fetch(stream.connection) else { return nil }
                batch = next
                position = 0
            }
            defer { position += 1 }
            return batch[position]
        }
    }
}
