import CCurl

/// How libcurl says that a transfer ended.
enum CurlOutcome {
    case whole
    case unreachable(String)
    case noConnection
    case cut(String)
    case garbage(String)
    case secure(String)
}

/// libcurl's own set-up, once in a process.
private let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

/// The one owner of a `CURLM`, which runs many transfers on one thread. All calls of libcurl are in this file.
///
/// Unchecked, because one thread alone calls everything but ``wake()``, and libcurl lets any thread call that while
/// the handle lives; it lives as long as this object.
@safe final class CurlMulti: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer

    init() {
        precondition(isReady, "libcurl cannot be set up")
        guard let handle = unsafe curl_multi_init() else { preconditionFailure("no memory for libcurl's handle") }
        unsafe self.handle = unsafe handle
    }

    deinit {
        unsafe curl_multi_cleanup(handle)
    }

    /// Ends a ``poll(for:)`` that waits, or the next one.
    func wake() { unsafe curl_multi_wakeup(handle) }

    func add(_ transfer: Transfer) {
        let code = unsafe curl_multi_add_handle(handle, transfer.easy.handle)
        unsafe precondition(
            code == CURLM_OK, "libcurl takes no transfer: \(String(cString: curl_multi_strerror(code)))")
    }

    /// Takes a transfer out; one that was not over loses its connection.
    func remove(_ transfer: Transfer) { unsafe curl_multi_remove_handle(handle, transfer.easy.handle) }

    func perform() {
        var runningCount: Int32 = 0
        unsafe curl_multi_perform(handle, &runningCount)
    }

    /// Waits until a socket is ready, libcurl's own timers run out, somebody wakes it or the time is over.
    func poll(for duration: Duration?) {
        let milliseconds = duration.map { Int32(clamping: Int64(($0 / .milliseconds(1)).rounded(.up))) } ?? 60_000
        unsafe curl_multi_poll(handle, nil, 0, milliseconds, nil)
    }

    /// A transfer that is over and was not told yet.
    func nextFinished() -> (ticket: UInt64, outcome: CurlOutcome)? {
        var count: Int32 = 0
        while let message = unsafe curl_multi_info_read(handle, &count) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle,
                let context = unsafe hone_curl_context(easy)
            else { continue }
            let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return unsafe (transfer.ticket, CurlOutcome(hone_curl_result(message)))
        }
        return nil
    }
}

extension CurlOutcome {
    fileprivate init(_ code: CURLcode) {
        let reason = unsafe String(cString: curl_easy_strerror(code)).lowercased()
        switch code {
        case CURLE_OK: self = .whole
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: self = .unreachable(reason)
        case CURLE_OPERATION_TIMEDOUT: self = .noConnection
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE:
            self = .secure(reason)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING:
            self = .garbage(reason)
        default: self = .cut(reason)
        }
    }
}

/// The one owner of a `CURL`, set up for one request.
@safe final class CurlEasy {
    fileprivate let handle: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?

    init(_ request: HTTPRequest) {
        guard let handle = unsafe curl_easy_init() else { preconditionFailure("no memory for libcurl's handle") }
        unsafe self.handle = unsafe handle
        unsafe hone_curl_set_text(handle, CURLOPT_URL, request.address.description)
        unsafe hone_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        // HTTP/1.1 has one transfer a connection, so that to drop one is to close its socket, which servers notice.
        unsafe hone_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        unsafe hone_curl_set_long(handle, CURLOPT_HTTP09_ALLOWED, 0)
        unsafe hone_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        unsafe hone_curl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
        unsafe hone_curl_keep_sockets(handle)
        let connect = Int((request.limits.connect / .milliseconds(1)).rounded(.up))
        unsafe hone_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, max(1, connect))
        if let body = request.body {
            unsafe hone_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            unsafe body.withUnsafeBytes { bytes in
                // Copied, since the array goes; an empty one has no address.
                let start = unsafe bytes.baseAddress.map { unsafe UnsafeMutableRawPointer(mutating: $0) }
                unsafe start.map { _ = unsafe hone_curl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, $0) }
            }
            if body.isEmpty { unsafe hone_curl_set_text(handle, CURLOPT_COPYPOSTFIELDS, "") }
            add(header: "Content-Type: application/json")
            // Without it libcurl waits a second for a "100 Continue" that many servers never send.
            add(header: "Expect:")
        }
        if let key = request.key { add(header: "Authorization: Bearer \(key.value)") }
        for (name, value) in request.headers { add(header: "\(name): \(value)") }
        unsafe hone_curl_set_list(handle, CURLOPT_HTTPHEADER, headers)
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(headers)
    }

    private func add(header: String) {
        guard let longer = unsafe curl_slist_append(headers, header) else {
            preconditionFailure("no memory for a header")
        }
        unsafe headers = unsafe longer
    }

    /// From now on `transfer`, which owns this, gets what comes.
    func deliver(to transfer: Transfer) {
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        unsafe hone_curl_set_pointer(handle, CURLOPT_PRIVATE, context)
        unsafe hone_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        unsafe hone_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        unsafe hone_curl_set_sink(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let transfer = unsafe Transfer.from(context) else { return 0 }
            let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            return unsafe transfer.receive(headLine: String(decoding: buffer, as: UTF8.self)) ? size * count : 0
        }
        unsafe hone_curl_set_sink(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let transfer = unsafe Transfer.from(context) else { return 0 }
            let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            switch unsafe transfer.receive([UInt8](buffer)) {
            case .taken: return size * count
            case .heldBack: return Int(CURL_WRITEFUNC_PAUSE)
            case .stopped: return size * count == 0 ? 1 : 0
            }
        }
    }

    /// Asks for the bytes that were held back.
    func goOn() { unsafe curl_easy_pause(handle, CURLPAUSE_CONT) }
}

extension Transfer {
    fileprivate static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        unsafe context.map { unsafe Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }
}
