/// Where the rows of a `COPY … FROM STDIN` go; it sends them in blocks and waits when the server lags.
public struct PostgresCopyWriter {
    private let connection: PostgresConnection
    private let query: PostgresQuery
    private let isBinary: Bool
    private var buffer: [UInt8] = []

    private static let blockByteCount = 1 << 16
    /// Signature, flags and the length of a header extension that is not there.
    private static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0]

    init(connection: PostgresConnection, query: PostgresQuery, isBinary: Bool) {
        self.connection = connection
        self.query = query
        self.isBinary = isBinary
        if isBinary { buffer = Self.header }
    }

    /// Writes one row of a `COPY … (FORMAT binary)`. Unlike in a query, each value must have exactly its column's type:
    /// an `Int32` for an `integer`, an `Int` for a `bigint`.
    public mutating func writeRow<each Value: PostgresEncodable>(
        _ values: repeat each Value
    ) async throws(PostgresError) {
        guard isBinary else { throw .copy(query: query.name, reason: "typed rows need WITH (FORMAT binary)") }
        let start = buffer.count
        buffer.append(bigEndian: Int16(0))
        var count: UInt16 = 0
        for value in repeat each values {
            value.encodeWithLength(into: &buffer)
            count += 1
        }
        buffer[start] = UInt8(count >> 8)
        buffer[start + 1] = UInt8(count & 0xFF)
        try await flushIfFull()
    }

    /// Writes bytes in the statement's text or CSV format; they need not end where a row does.
    public mutating func write(_ bytes: some Sequence<UInt8>) async throws(PostgresError) {
        guard !isBinary else { throw .copy(query: query.name, reason: "in the binary format rows are written typed") }
        buffer.append(contentsOf: bytes)
        try await flushIfFull()
    }

    private mutating func flushIfFull() async throws(PostgresError) {
        if buffer.count >= Self.blockByteCount { try await flush() }
    }

    private mutating func flush() async throws(PostgresError) {
        try await connection.putCopyData(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Sends what is left, in the binary format with the mark of the end.
    mutating func finish() async throws(PostgresError) {
        if isBinary { buffer.append(bigEndian: Int16(-1)) }
        try await flush()
    }
}
