import CLibPQ

extension PostgresConnection {
    /// Runs `COPY … FROM STDIN` with the rows that `body` writes.
    ///
    /// All or none of the rows are stored; none when `body` throws.
    /// - Returns: How many rows were stored.
    /// - Throws: What `body` throws and what the server reports.
    @discardableResult
    public nonisolated(nonsending) func copyIn(
        _ query: PostgresQuery, _ body: (inout PostgresCopyWriter) async throws -> Void
    ) async throws -> Int {
        try await beginStream(query)
        return try await endingStream {
            var writer = PostgresCopyWriter(connection: self, query: query, isBinary: try await openCopyIn())
            do {
                try await body(&writer)
                try await writer.finish()
            } catch {
                try await abandonCopy("\(type(of: error))")
                throw error
            }
            return try await finishCopy()
        }
    }

    private func openCopyIn() async throws(PostgresError) -> Bool {
        try await openCopy(PGRES_COPY_IN).isBinaryCopy
    }

    func putCopyData(_ bytes: [UInt8]) async throws(PostgresError) {
        guard let query = streamingQuery else { preconditionFailure("a COPY was written to after its end") }
        if Task.isCancelled { throw .cancelled(query: query.name) }
        while true {
            switch handle.putCopyData(bytes) {
            case 1: return try await flush(query)
            case 0: try await flush(query)
            default: throw await copyFailure(query)
            }
        }
    }

    private func finishCopy() async throws(PostgresError) -> Int {
        guard let query = streamingQuery else { preconditionFailure("a COPY was ended twice") }
        try check(handle.putCopyEnd(failure: nil) == 1, query)
        return try await finish(query).affectedRowCount
    }

    /// Tells the server to drop what it got, unless it has ended the COPY itself.
    private func abandonCopy(_ reason: String) async throws(PostgresError) {
        guard let query = streamingQuery, handle.transactionStatus == PQTRANS_ACTIVE else { return }
        guard handle.putCopyEnd(failure: reason) == 1 else { return }
        try await flush(query)
        while try await nextResult(query, isCancellable: false) != nil {}
    }

    /// Why the server takes no more data.
    private func copyFailure(_ query: PostgresQuery) async -> PostgresError {
        do throws(PostgresError) {
            try await finish(query)
            return lost(query)
        } catch {
            return error
        }
    }
}
