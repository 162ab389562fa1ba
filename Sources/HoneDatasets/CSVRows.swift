/// Records of comma-separated values as in RFC 4180, by the names of the header line.
struct CSVRows {
    /// The line on which the record read last began.
    private(set) var rowLine = 1
    private var bytes: ByteReader
    private var header: [String]?

    init(_ bytes: ByteReader) {
        self.bytes = bytes
    }

    /// The next record by column name; nil at the end.
    mutating func next() throws(RowFault) -> [String: String]? {
        if header == nil { header = try record() }
        guard let header, let fields = try record() else { return nil }
        guard fields.count == header.count else {
            throw RowFault("\(fields.count) fields where the header names \(header.count)")
        }
        return Dictionary(zip(header, fields)) { first, _ in first }
    }

    private mutating func record() throws(RowFault) -> [String]? {
        try bytes.skipWhitespace()
        rowLine = bytes.line
        guard try bytes.peek() != nil else { return nil }
        var fields: [String] = []
        while true {
            fields.append(try field())
            let end = try bytes.next()
            if end == UInt8(ascii: "\r") { _ = try bytes.next() }
            if end != UInt8(ascii: ",") { return fields }
        }
    }

    /// One field; the comma or line end after it is left in place.
    private mutating func field() throws(RowFault) -> String {
        if try bytes.peek() == UInt8(ascii: "\"") { return try quotedField() }
        var text: [UInt8] = []
        while let byte = try bytes.peek(), !Self.ends.contains(byte) {
            guard byte != UInt8(ascii: "\"") else { throw RowFault("a quote in the middle of a field; quote it whole") }
            try text.extend(byte)
            _ = try bytes.next()
        }
        return try text.text()
    }

    private mutating func quotedField() throws(RowFault) -> String {
        var text: [UInt8] = []
        _ = try bytes.next()
        while let byte = try bytes.next() {
            if byte != UInt8(ascii: "\"") {
                try text.extend(byte)
            } else if try bytes.peek() == UInt8(ascii: "\"") {
                try text.extend(byte)
                _ = try bytes.next()
            } else if let after = try bytes.peek(), !Self.ends.contains(after) {
                throw RowFault("text after the closing quote of a field")
            } else {
                return try text.text()
            }
        }
        throw RowFault("a quoted field is never closed")
    }

    private static let ends = [UInt8(ascii: ","), UInt8(ascii: "\r"), UInt8(ascii: "\n")]
}
