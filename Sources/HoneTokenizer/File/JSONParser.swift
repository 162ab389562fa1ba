/// Parses JSON from a file that is not trusted: one pass, bounded depth, a fault names the byte.
package struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// Why a text is no JSON.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    private static let depthLimit = 64

    package static func parse(_ bytes: [UInt8]) throws(Fault) -> OrderedJSON {
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value()
        parser.skipSpace()
        if parser.position < bytes.count { throw parser.fault("the end of the file") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func value() throws(Fault) -> OrderedJSON {
        skipSpace()
        guard position < bytes.count else { throw fault("a value") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object() throws(Fault) -> OrderedJSON {
        var members: [OrderedJSON.Member] = []
        try descend { parser throws(Fault) in
            if parser.take("}") { return }
            repeat {
                parser.skipSpace()
                let name = try parser.string()
                try parser.expect(":")
                members.append(OrderedJSON.Member(name: name, value: try parser.value()))
            } while parser.take(",")
            try parser.expect("}")
        }
        return .object(members)
    }

    private mutating func array() throws(Fault) -> OrderedJSON {
        var elements: [OrderedJSON] = []
        try descend { parser throws(Fault) in
            if parser.take("]") { return }
            repeat { elements.append(try parser.value()) } while parser.take(",")
            try parser.expect("]")
        }
        return .array(elements)
    }

    /// Steps over an opening bracket and bounds the depth of what is inside.
    private mutating func descend(_ body: (inout JSONParser) throws(Fault) -> Void) throws(Fault) {
        position += 1
        depth += 1
        guard depth <= Self.depthLimit else { throw fault("no more than \(Self.depthLimit) levels of brackets") }
        try body(&self)
        depth -= 1
    }

    private mutating func word(_ word: String, _ value: OrderedJSON) throws(Fault) -> OrderedJSON {
        guard bytes[position...].starts(with: word.utf8) else { throw fault("a value") }
        position += word.utf8.count
        return value
    }

    private mutating func number() throws(Fault) -> Double {
        let start = position
        while position < bytes.count, Self.numberBytes.contains(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            position = start
            throw fault("a value")
        }
        return value
    }

    private static let numberBytes = Set("+-.0123456789eE".utf8)

    private mutating func string() throws(Fault) -> String {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw fault("a string") }
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
            position += 1
        }
        var content = Array(bytes[start..<position])
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                content += try escape()
            } else {
                content.append(bytes[position])
                position += 1
            }
        }
        guard position < bytes.count else { throw fault("the end of a string") }
        position += 1
        guard let text = String(validating: content, as: UTF8.self) else { throw fault("a string in UTF-8") }
        return text
    }

    private mutating func escape() throws(Fault) -> [UInt8] {
        position += 1
        guard position < bytes.count else { throw fault("the end of a string") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(try escapedScalar()).utf8)
        default: throw fault("a known escape")
        }
    }

    /// The four digits behind `\u`, and a second escape where they are half of a pair.
    private mutating func escapedScalar() throws(Fault) -> Unicode.Scalar {
        let first = try fourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xdc00, bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
            throw fault("the other half of a surrogate pair")
        }
        position += 2
        let second = try fourDigits()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw fault("the other half of a surrogate pair") }
        return scalar
    }

    private mutating func fourDigits() throws(Fault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw fault("four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
        if !take(character) { throw fault("'\(character)'") }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[position]) { position += 1 }
    }

    private func fault(_ wanted: String) -> Fault { Fault(description: "at byte \(position) \(wanted) was expected") }
}
