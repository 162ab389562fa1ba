import CLibPQ

extension PostgresConnection {
    /// Runs a statement and hands its rows to `body` as they come, however many there are.
    ///
    /// When `body` returns before the last row, the statement is cancelled, which in a transaction aborts that too.
    /// Until then the connection runs nothing else.
    /// - Throws: What `body` throws and what the server reports.
    public nonisolated(nonsending) func withRows<Value>(
        of query: PostgresQuery, _ body: (PostgresStream<PostgresRow>) async throws -> Value
    ) async throws -> Value {
        try await beginStream(query, rowByRow: true)
        let rows = PostgresStream(connection: self) { connection async throws(PostgresError) in
            try await connection.nextRows()
        }
        return try await endingStream { try await body(rows) }
    }

    /// Runs `COPY … TO STDOUT` and hands its rows to `body` as they come, each as its bytes in the statement's format.
    ///
    /// When `body` returns before the last row, the statement is cancelled, which in a transaction aborts that too.
    /// - Throws: What `body` throws and what the server reports.
    public nonisolated(nonsending) func copyOut<Value>(
        _ query: PostgresQuery, _ body: (PostgresStream<[UInt8]>) async throws -> Value
    ) async throws -> Value {
        try await beginStream(query)
        let rows = PostgresStream(connection: self) { connection async throws(PostgresError) in
            try await connection.nextCopiedRows()
        }
        return try await endingStream {
            try await openCopy(PGRES_COPY_OUT)
            return try await body(rows)
        }
    }
}

// MARK: - The life of a stream

extension PostgresConnection {
    /// Takes the turn, which ``endStream()`` gives back, and sends the statement.
    func beginStream(_ query: PostgresQuery, rowByRow: Bool = false) async throws(PostgresError) {
        try await beginTurn(query)
        streamingQuery = query
        do {
            try check(handle.send(query), query)
            if rowByRow { try check(handle.setSingleRowMode(), query) }
            try await flush(query)
        } catch {
            await endStream()
            throw error
        }
    }

    nonisolated(nonsending) func endingStream<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            let value = try await body()
            await endStream()
            return value
        } catch {
            await endStream()
            throw error
        }
    }

    /// Stops what still runs, reads the rest of the reply and gives the turn back.
    func endStream() async {
        if let streamingQuery, !handle.isBroken, handle.transactionStatus == PQTRANS_ACTIVE {
            await requestCancel()
            do throws(PostgresError) {
                try await skipReply(to: streamingQuery)
            } catch {
                close()
            }
        }
        streamingQuery = nil
        endTurn()
    }

    private func skipReply(to query: PostgresQuery) async throws(PostgresError) {
        while let result = try await nextResult(query, isCancellable: false) {
            if result.status == PGRES_COPY_IN {
                try check(handle.putCopyEnd(failure: "not wanted") == 1, query)
                try await flush(query)
            } else if result.status == PGRES_COPY_OUT {
                try await skipCopiedRows(query)
            }
        }
    }

    private func skipCopiedRows(_ query: PostgresQuery) async throws(PostgresError) {
        while true {
            switch handle.copyData() {
            case .row: continue
            case .wouldBlock: try await waitForInput(query, isCancellable: false)
            case .end: return
            case .failed: throw lost(query)
            }
        }
    }

    /// Reads the result that opens a COPY.
    @discardableResult
    func openCopy(_ status: ExecStatusType) async throws(PostgresError) -> LibPQResult {
        guard let query = streamingQuery else { preconditionFailure("a COPY was opened after its end") }
        guard let result = try await nextResult(query) else { throw lost(query) }
        if let error = error(in: result, query) { throw error }
        guard result.status == status else {
            throw .copy(query: query.name, reason: "the statement is no COPY in this direction")
        }
        return result
    }
}

// MARK: - Batches

extension PostgresConnection {
    private static let rowsPerBatch = 256

    /// The rows that are there, at least one; nil after the last.
    private func nextRows() async throws(PostgresError) -> [PostgresRow]? {
        guard let query = streamingQuery else { preconditionFailure("a stream was read after its end") }
        var rows: [PostgresRow] = []
        var layout: PostgresRowLayout?
        while rows.count < Self.rowsPerBatch, rows.isEmpty || !handle.isBusy {
            guard let result = try await nextResult(query) else { return rows.isEmpty ? nil : rows }
            if let error = error(in: result, query) { throw error }
            guard result.rowCount == 1 else { continue }
            let shared = layout ?? PostgresRowLayout(result, query: query.name)
            layout = shared
            rows.append(PostgresRow(result: result, index: 0, layout: shared))
        }
        return rows
    }

    private static let bytesPerBatch = 1 << 16

    private func nextCopiedRows() async throws(PostgresError) -> [[UInt8]]? {
        guard let query = streamingQuery else { preconditionFailure("a stream was read after its end") }
        guard handle.transactionStatus == PQTRANS_ACTIVE else { return nil }
        var rows: [[UInt8]] = []
        var byteCount = 0
        while byteCount < Self.bytesPerBatch {
            switch handle.copyData() {
            case .row(let bytes):
                rows.append(bytes)
                byteCount += bytes.count
            case .wouldBlock:
                if !rows.isEmpty { return rows }
                try await waitForInput(query)
            case .end:
                try await finish(query)
                return rows
            case .failed: throw lost(query)
            }
        }
        return rows
    }
}
