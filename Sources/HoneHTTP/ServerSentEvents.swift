/// Cuts a stream of server-sent events into the data of its events, wherever the bytes were cut on their way.
///
/// Source: the WHATWG HTML standard, "Interpreting an event stream"; fields other than `data` are passed over.
public struct ServerSentEvents: Sendable {
    /// An event that is larger than any that a server should send.
    public struct Oversized: Error, Sendable, CustomStringConvertible {
        let limit: Int
        public var description: String { "an event of the stream is larger than \(limit) bytes" }
    }

    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var endsWithReturn = false
    private let limit: Int

    public init(limit: Int = 4 << 20) {
        self.limit = limit
    }

    /// Takes in bytes and gives the data of the events that they complete.
    public mutating func take(_ bytes: [UInt8]) throws(Oversized) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            let wasReturn = endsWithReturn
            endsWithReturn = byte == UInt8(ascii: "\r")
            switch byte {
            case UInt8(ascii: "\n") where wasReturn: continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = endLine() { events.append(event) }
            default:
                line.append(byte)
                if line.count + data.count > limit { throw Oversized(limit: limit) }
            }
        }
        return events
    }

    /// An empty line ends an event.
    private mutating func endLine() -> [UInt8]? {
        defer { line.removeAll(keepingCapacity: true) }
        if line.isEmpty {
            defer { (data, hasData) = ([], false) }
            return hasData ? data : nil
        }
        guard line.starts(with: "data".utf8) else { return nil }
        var value = line.dropFirst(4)
        guard value.isEmpty || value.first == UInt8(ascii: ":") else { return nil }
        value = value.dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        if hasData { data.append(UInt8(ascii: "\n")) }
        data += value
        hasData = true
        return nil
    }
}
