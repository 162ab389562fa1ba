import CLibPQ

extension PostgresConnection {
    /// Runs several statements in one round trip and, outside of a transaction, as one transaction of their own.
    /// - Returns: The rows of each, in the statements' order.
    /// - Throws: The error of the first statement that fails; those behind it are not run, the others are undone.
    @discardableResult
    public func pipeline(_ queries: [PostgresQuery]) async throws(PostgresError) -> [[PostgresRow]] {
        guard let first = queries.first else { return [] }
        return try await inTurn(first) { () async throws(PostgresError) in
            try self.check(self.handle.enterPipeline(), first)
            for query in queries { try self.check(self.handle.send(query), query) }
            try self.check(self.handle.syncPipeline(), first)
            try await self.flush(first)
            let replies = try await self.pipelineReplies(to: queries)
            try self.check(self.handle.exitPipeline(), first)
            return try replies.get()
        }
    }

    /// Reads all replies and the mark behind the last.
    private func pipelineReplies(
        to queries: [PostgresQuery]
    ) async throws(PostgresError) -> Result<[[PostgresRow]], PostgresError> {
        var rows: [[PostgresRow]] = []
        var failure: PostgresError?
        for query in queries {
            while let result = try await nextResult(query) {
                failure = failure ?? error(in: result, query)
                if case .connectionLost(_, _) = failure, let failure { throw failure }
                if failure == nil { rows.append(result.rows(query: query.name)) }
            }
        }
        while let result = try await nextResult(queries[0]), result.status != PGRES_PIPELINE_SYNC {}
        return failure.map { .failure($0) } ?? .success(rows)
    }
}
