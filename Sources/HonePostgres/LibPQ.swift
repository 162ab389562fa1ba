import CLibPQ
import Logging

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The one owner of a `PGconn`; closed at the latest when it goes out of scope.
///
/// All calls of libpq are in this file. libpq accepts a null connection everywhere and treats it as a broken one, so a
/// closed connection needs no special case.
@safe struct LibPQConnection: ~Copyable {
    private var pointer: OpaquePointer?

    /// Starts to connect. It blocks while the server's name is looked up and no longer.
    init(starting parameters: [String: String]) {
        let keywords = parameters.keys.sorted()
        unsafe pointer = unsafe withCStrings(keywords) { keys in
            unsafe withCStrings(keywords.map { parameters[$0, default: ""] }) { values in
                unsafe PQconnectStartParams(keys, values, 0)
            }
        }
        _ = unsafe PQsetNoticeReceiver(pointer, { _, result in unsafe logNotice(result) }, nil)
    }

    deinit {
        unsafe PQfinish(pointer)
    }

    mutating func close() {
        unsafe PQfinish(pointer)
        unsafe pointer = nil
    }

    var isBroken: Bool { unsafe PQstatus(pointer) == CONNECTION_BAD }
    var socket: Int32 { unsafe PQsocket(pointer) }
    var backendPID: Int32 { unsafe PQbackendPID(pointer) }
    var serverVersion: Int32 { unsafe PQserverVersion(pointer) }
    var transactionStatus: PGTransactionStatusType { unsafe PQtransactionStatus(pointer) }

    var errorMessage: String {
        unsafe String(cString: PQerrorMessage(pointer)).trimmingWhitespace()
    }

    /// The next step of connecting.
    func pollConnect() -> PostgresPollingStatusType { unsafe PQconnectPoll(pointer) }

    func setNonBlocking() -> Bool { unsafe PQsetnonblocking(pointer, 1) == 0 }

    /// Makes the handle by which another thread may ask the server to cancel what this connection runs.
    func makeCancelHandle() -> LibPQCancelHandle { unsafe LibPQCancelHandle(pointer: PQgetCancel(pointer)) }
}

// MARK: - Sending

extension LibPQConnection {
    /// Sends one statement with bound parameters; the reply will be binary.
    func send(_ query: PostgresQuery) -> Bool {
        let bindings = query.bindings
        return unsafe bindings.bytes.withUnsafeBufferPointer { bytes in
            let types = bindings.items.map(\.type.oid)
            let formats = bindings.items.map { $0.type.isBinary ? Int32(1) : 0 }
            let lengths = bindings.items.map { Int32($0.range?.count ?? 0) }
            let values = unsafe bindings.items.map { item in
                unsafe item.range.flatMap { range in
                    unsafe bytes.baseAddress.map { unsafe UnsafeRawPointer($0 + range.lowerBound) }
                }.map { unsafe $0.assumingMemoryBound(to: CChar.self) }
            }
            return unsafe PQsendQueryParams(
                pointer, query.sql, Int32(bindings.items.count), types, values, lengths, formats, 1) == 1
        }
    }

    /// Sends a text of several statements without parameters; all run in one transaction unless the text says else.
    func send(script: String) -> Bool { unsafe PQsendQuery(pointer, script) == 1 }

    func setSingleRowMode() -> Bool { unsafe PQsetSingleRowMode(pointer) == 1 }

    /// Returns 0 when all is sent, 1 when the socket is full, -1 when the connection is broken.
    func flush() -> Int32 { unsafe PQflush(pointer) }

    /// Reads what has arrived; false when the connection is broken.
    func consumeInput() -> Bool { unsafe PQconsumeInput(pointer) == 1 }

    /// Whether the server has sent something; on an idle connection that is mostly the news that it has closed it.
    var hasInput: Bool {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&descriptor, 1, 0) > 0
    }

    /// Whether ``nextResult()`` would block.
    var isBusy: Bool { unsafe PQisBusy(pointer) == 1 }

    func nextResult() -> LibPQResult? {
        unsafe PQgetResult(pointer).map { unsafe LibPQResult(pointer: $0) }
    }

    func nextNotification() -> PostgresNotification? {
        guard let notification = unsafe PQnotifies(pointer) else { return nil }
        defer { unsafe PQfreemem(notification) }
        return unsafe PostgresNotification(
            channel: String(cString: notification.pointee.relname),
            payload: String(cString: notification.pointee.extra), senderPID: notification.pointee.be_pid)
    }
}

// MARK: - Pipeline and COPY

extension LibPQConnection {
    func enterPipeline() -> Bool { unsafe PQenterPipelineMode(pointer) == 1 }
    func exitPipeline() -> Bool { unsafe PQexitPipelineMode(pointer) == 1 }
    func syncPipeline() -> Bool { unsafe PQpipelineSync(pointer) == 1 }

    /// Returns 1 when the bytes are taken, 0 when the socket is full, -1 when the connection is broken.
    func putCopyData(_ bytes: [UInt8]) -> Int32 {
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe PQputCopyData(
                pointer, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count))
        }
    }

    /// Ends the COPY; with a `failure` the server abandons it and reports that message. Returns as the above.
    func putCopyEnd(failure: String?) -> Int32 { unsafe PQputCopyEnd(pointer, failure) }

    enum CopyData {
        case row([UInt8])
        case wouldBlock
        case end
        case failed
    }

    func copyData() -> CopyData {
        var buffer: UnsafeMutablePointer<CChar>?
        let count = unsafe PQgetCopyData(pointer, &buffer, 1)
        guard count > 0, let start = unsafe buffer else {
            return count == 0 ? .wouldBlock : count == -1 ? .end : .failed
        }
        defer { unsafe PQfreemem(start) }
        return unsafe .row([UInt8](UnsafeRawBufferPointer(start: start, count: Int(count))))
    }
}

// MARK: - Results

/// The one owner of a `PGresult`, which does not change once libpq has handed it over: any thread may read it.
@safe final class LibPQResult: @unchecked Sendable {
    private let pointer: OpaquePointer

    fileprivate init(pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe PQclear(pointer)
    }

    var status: ExecStatusType { unsafe PQresultStatus(pointer) }
    var rowCount: Int { unsafe Int(PQntuples(pointer)) }
    var columnCount: Int { unsafe Int(PQnfields(pointer)) }

    /// How many rows the statement changed; 0 for those that change none.
    var affectedRowCount: Int { unsafe Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// The command that the server says it has run: `COMMIT`, `INSERT 0 1`.
    var commandTag: String { unsafe String(cString: PQcmdStatus(pointer)) }

    /// Whether a COPY that this result opens is in the binary format.
    var isBinaryCopy: Bool { unsafe PQbinaryTuples(pointer) == 1 }

    func columnName(_ column: Int) -> String { unsafe String(cString: PQfname(pointer, Int32(column))) }
    func columnType(_ column: Int) -> UInt32 { unsafe PQftype(pointer, Int32(column)) }

    /// Calls `body` with the bytes of one value, nil for NULL.
    func withValue<Value, Failure: Error>(
        row: Int, column: Int, _ body: (Span<UInt8>?) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        if unsafe PQgetisnull(pointer, Int32(row), Int32(column)) == 1 { return try body(nil) }
        let count = unsafe Int(PQgetlength(pointer, Int32(row), Int32(column)))
        let start = unsafe UnsafeRawPointer(PQgetvalue(pointer, Int32(row), Int32(column)))
        let bytes = unsafe UnsafeBufferPointer(start: start?.assumingMemoryBound(to: UInt8.self), count: count)
        return try unsafe body(bytes.span)
    }

    /// One field of the server's error report, such as ``LibPQErrorField/detail``.
    func errorField(_ field: LibPQErrorField) -> String? {
        unsafe PQresultErrorField(pointer, Int32(field.rawValue.value)).map { unsafe String(cString: $0) }
    }

    var errorMessage: String { unsafe String(cString: PQresultErrorMessage(pointer)).trimmingWhitespace() }
}

enum LibPQErrorField: Unicode.Scalar {
    case severity = "V"
    case sqlState = "C"
    case message = "M"
    case detail = "D"
    case hint = "H"
    case context = "W"
    case position = "P"
    case schema = "s"
    case table = "t"
    case column = "c"
    case constraint = "n"
}

// MARK: - Cancelling

/// The one owner of a `PGcancel`; libpq lets any thread use it, also while the connection is busy.
@safe final class LibPQCancelHandle: @unchecked Sendable {
    private let pointer: OpaquePointer?

    fileprivate init(pointer: OpaquePointer?) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe PQfreeCancel(pointer)
    }

    /// Asks the server, over a connection of its own, to cancel what is running; blocks for that round trip.
    /// - Returns: Why the request could not be made, nil when it was.
    func request() -> String? {
        var message = [CChar](repeating: 0, count: 256)
        let isSent = unsafe PQcancel(pointer, &message, Int32(message.count)) == 1
        return isSent ? nil : String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

// MARK: - Connection strings

extension LibPQConnection {
    /// The parameters that a connection string sets, as libpq reads it.
    static func parse(_ connectionString: String) throws(PostgresError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        defer { unsafe PQfreemem(message) }
        guard let options = unsafe PQconninfoParse(connectionString, &message) else {
            let reason = unsafe message.map { unsafe String(cString: $0).trimmingWhitespace() }
            throw .invalidConfiguration(reason ?? "libpq cannot read it")
        }
        defer { unsafe PQconninfoFree(options) }
        var parameters: [String: String] = [:]
        var index = 0
        while let keyword = unsafe options[index].keyword {
            if let value = unsafe options[index].val {
                unsafe parameters[String(cString: keyword)] = String(cString: value)
            }
            index += 1
        }
        return parameters
    }
}

private let noticeLogger = Logger(label: "hone.postgres")

private func logNotice(_ result: OpaquePointer?) {
    guard let message = unsafe PQresultErrorMessage(result) else { return }
    let severity = unsafe PQresultErrorField(result, Int32(LibPQErrorField.severity.rawValue.value))
    let isWarning = unsafe severity.map { unsafe String(cString: $0) } == "WARNING"
    let text = unsafe String(cString: message).trimmingWhitespace()
    noticeLogger.log(level: isWarning ? .warning : .debug, "\(text)")
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
) -> Value {
    let copies = unsafe strings.map { unsafe strdup($0) }
    defer { for index in unsafe copies.indices { unsafe free(copies[index]) } }
    let pointers = unsafe copies.map { unsafe UnsafePointer($0) } + [UnsafePointer<CChar>?.none]
    return unsafe pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array with a terminator is empty") }
        return unsafe body(base)
    }
}
