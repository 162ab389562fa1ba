internal import Crypto
import Foundation
import HoneDatasets
public import HonePostgres

/// Puts a batch file into the queue: all of its good lines or, if it is killed, none until it is run again.
public struct BatchSubmission: Sendable {
    private let path: String
    private let model: String?
    private let queue: String
    private let priority: Int32
    private let isAgain: Bool

    /// Lines and bytes that are read between two commits.
    private static let blockLineCount = 5_000
    private static let blockByteCount = 8 << 20

    /// What was submitted.
    public struct Receipt: Sendable, Equatable, Encodable {
        public let batch: Int64
        public let jobs: Int64
        /// Lines that became no job; the error file says why.
        public let faults: Int64
        /// False for a file that had been submitted before.
        public let isNew: Bool
    }

    /// - Parameters:
    ///   - path: a file in the OpenAI Batch format
    ///   - model: answers in the place of the models that the lines name
    ///   - queue: of the jobs
    ///   - priority: of the jobs; a smaller number runs first
    ///   - isAgain: submits a file once more that was submitted before
    public init(path: String, model: String?, queue: String = "default", priority: Int32 = 0, isAgain: Bool = false) {
        self.path = path
        self.model = model
        self.queue = queue
        self.priority = priority
        self.isAgain = isAgain
    }

    /// Reads the file and submits it; a file that was read in part goes on there.
    ///
    /// - Parameters:
    ///   - connection: nobody else's, since the session holds the batch while it is read
    ///   - progress: called with the number of the last line that is safe
    /// - Returns: The batch, and how many of its lines became jobs.
    /// - Throws: `BatchError`, or the server's error.
    public nonisolated(nonsending) func run(
        on connection: PostgresConnection, progress: (_ line: Int) -> Void = { _ in }
    ) async throws -> Receipt {
        let digest = try digest()
        var lines = try BatchLineReader(path: path)
        if try lines.next() == nil { throw BatchError.empty(path: path) }
        let rows = try await connection.query(
            PostgresQuery(
                """
                SELECT batch, is_submitted, line, end_offset FROM hone.open_batch(
                    \(URL(filePath: path).lastPathComponent), \(digest), \(model), \(queue),
                    \(priority), \(isAgain))
                """
            ).named("open a batch"))
        let batch: Int64 = try rows[0].decode("batch")
        let wasSubmitted: Bool = try rows[0].decode("is_submitted")
        if !wasSubmitted {
            let line: Int32 = try rows[0].decode("line")
            try await read(
                after: (Int(line), try rows[0].decode("end_offset")), into: batch, on: connection, progress)
        }
        let counts = try await connection.query(
            PostgresQuery("SELECT jobs, faults FROM hone.submit_batch(\(batch))").named("submit a batch"))
        try await connection.execute("SELECT pg_advisory_unlock(1752133222, \(Int32(truncatingIfNeeded: batch)))")
        return Receipt(
            batch: batch, jobs: try counts[0].decode("jobs"), faults: try counts[0].decode("faults"),
            isNew: !wasSubmitted)
    }

    private nonisolated(nonsending) func read(
        after: (line: Int, end: Int64), into batch: Int64, on connection: PostgresConnection, _ progress: (Int) -> Void
    ) async throws {
        var reader = try BatchLineReader(path: path, after: after)
        var block: [BatchLineReader.Line] = []
        var byteCount = 0
        var last = after.line
        while true {
            let line = try reader.next()
            if let line {
                block.append(line)
                byteCount += line.text?.count ?? 0
            }
            if line == nil || block.count == Self.blockLineCount || byteCount >= Self.blockByteCount {
                if !block.isEmpty { try await stage(block, of: batch, on: connection) }
                last = block.last?.number ?? last
                progress(last)
                (block, byteCount) = ([], 0)
            }
            if line == nil { break }
        }
    }

    /// Copies a block of lines to where no worker sees them.
    private nonisolated(nonsending) func stage(
        _ block: [BatchLineReader.Line], of batch: Int64, on connection: PostgresConnection
    ) async throws {
        try await connection.copyIn(
            PostgresQuery(
                """
                COPY hone.batch_staging (batch_id, line, end_offset, custom_id, endpoint, log_probs, payload, fault)
                FROM STDIN WITH (FORMAT binary)
                """
            ).named("stage lines of a batch")
        ) { writer in
            for line in block {
                let staged = try StagedLine(line.text, model: model)
                try await writer.writeRow(
                    batch, Int32(clamping: line.number), line.end, staged.customID, staged.endpoint?.rawValue,
                    staged.wantsLogProbs, staged.payload, staged.fault)
            }
        }
    }

    /// By which the same file is known again.
    private func digest() throws(BatchError) -> Data {
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            var hash = SHA256()
            while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { hash.update(data: chunk) }
            return Data(hash.finalize())
        } catch {
            throw .unreadable(path: path, reason: error.fileReason)
        }
    }
}

/// A line as it is staged: the payload of its job, or what is wrong with it.
private struct StagedLine {
    var customID: String?
    var endpoint: BatchRequest.Endpoint?
    var wantsLogProbs = false
    var payload: PostgresJSON?
    var fault: String?

    init(_ text: Data?, model: String?) throws {
        guard let text else {
            fault = "the line is longer than \(BatchRequest.byteLimit >> 20) MiB"
            return
        }
        let line = BatchRequest.read(text)
        customID = line.customID
        switch line.request {
        case .success(let request):
            let json = try PostgresJSON(encoding: BatchJob(request: request, model: model))
            guard json.data.count < BatchRequest.byteLimit else {
                fault = "the request is longer than \(BatchRequest.byteLimit >> 20) MiB"
                return
            }
            (endpoint, wantsLogProbs, payload) = (request.endpoint, request.body.wantsLogProbs, json)
        case .failure(let error): fault = error.description
        }
    }
}
