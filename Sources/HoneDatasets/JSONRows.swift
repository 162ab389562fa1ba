import Foundation

/// A row of a JSON dataset, in the keys of its publisher.
protocol ExampleRow: Decodable {
    func example() throws(RowFault) -> Example
}

/// Something that gives examples one by one.
protocol ExampleSource {
    /// The line on which the row read last began.
    var rowLine: Int { get }
    mutating func next() throws(RowFault) -> Example?
}

/// JSON objects, one a line.
struct JSONLines<Row: ExampleRow>: ExampleSource {
    private(set) var rowLine = 1
    private var bytes: ByteReader

    init(_ bytes: ByteReader) {
        self.bytes = bytes
    }

    mutating func next() throws(RowFault) -> Example? {
        try bytes.skipWhitespace()
        rowLine = bytes.line
        var row: [UInt8] = []
        while let byte = try bytes.next(), byte != UInt8(ascii: "\n") { try row.extend(byte) }
        return row.isEmpty ? nil : try decodeRow(Row.self, row).example()
    }
}

/// The objects of one JSON array, each read when it is asked for.
struct JSONArray<Row: ExampleRow>: ExampleSource {
    private(set) var rowLine = 1
    private var bytes: ByteReader
    private var state = State.start

    private enum State {
        case start
        case rows
        case end
    }

    init(_ bytes: ByteReader) {
        self.bytes = bytes
    }

    mutating func next() throws(RowFault) -> Example? {
        try bytes.skipWhitespace()
        rowLine = bytes.line
        switch (state, try bytes.peek()) {
        case (.start, UInt8(ascii: "[")):
            _ = try bytes.next()
            state = .rows
            try bytes.skipWhitespace()
        case (.rows, UInt8(ascii: ",")):
            _ = try bytes.next()
            try bytes.skipWhitespace()
        case (.rows, UInt8(ascii: "]")):
            return try end()
        case (.end, _):
            return nil
        case (_, let byte):
            throw RowFault("\(Self.found(byte)) where the array \(state == .start ? "must begin" : "goes on or ends")")
        }
        rowLine = bytes.line
        return try bytes.peek() == UInt8(ascii: "]") ? try end() : try decodeRow(Row.self, object()).example()
    }

    private mutating func end() throws(RowFault) -> Example? {
        _ = try bytes.next()
        state = .end
        try bytes.skipWhitespace()
        if let byte = try bytes.peek() { throw RowFault("\(Self.found(byte)) after the end of the array") }
        return nil
    }

    /// The bytes of the object that begins here, up to its closing brace.
    private mutating func object() throws(RowFault) -> [UInt8] {
        var row: [UInt8] = []
        var depth = 0
        var isInString = false
        var isEscaped = false
        guard try bytes.peek() == UInt8(ascii: "{") else {
            throw RowFault("\(Self.found(try bytes.peek())) where an object must begin")
        }
        while let byte = try bytes.next() {
            try row.extend(byte)
            if isInString {
                isInString = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
                if depth == 0 { return row }
            }
        }
        throw RowFault("the file ends in the middle of this object")
    }

    private static func found(_ byte: UInt8?) -> String {
        byte.map { "'\(Character(UnicodeScalar($0)))'" } ?? "the end of the file"
    }
}

func decodeRow<Row: Decodable>(_ type: Row.Type, _ bytes: [UInt8]) throws(RowFault) -> Row {
    do {
        return try JSONDecoder().decode(Row.self, from: Data(bytes))
    } catch {
        throw (error as? RowFault) ?? RowFault(error)
    }
}
