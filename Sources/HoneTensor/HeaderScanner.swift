/// Reads the little of JSON that a safetensors header may contain: objects, strings, lists of whole numbers.
///
/// Strict where a general parser is lenient: a repeated key, a negative or fractional number and anything else that
/// the format does not allow is a fault. The input is never trusted.
struct HeaderScanner {
    typealias Fault = SafetensorsHeader.Fault

    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) { self.text = text }

    /// Reads an object, calling `field` with the scanner at each value.
    mutating func object(_ field: (inout HeaderScanner, String) throws(Fault) -> Void) throws(Fault) {
        var seen: Set<String> = []
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try string()
            guard seen.insert(key).inserted else { throw Fault("its header names '\(key)' twice") }
            try expect(":")
            try field(&self, key)
        } while take(",")
        try expect("}")
    }

    /// Reads a list of whole numbers from 0 to `Int.max`.
    mutating func numbers() throws(Fault) -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        if take("]") { return numbers }
        repeat { numbers.append(try number()) } while take(",")
        try expect("]")
        return numbers
    }

    private mutating func number() throws(Fault) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position]) {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = tens.addingReportingOverflow(Int(text[position] - UInt8(ascii: "0")))
            guard !overflow, !carried else { throw Fault("a number at byte \(start) of its header is too large") }
            value = sum
            position += 1
        }
        guard position > start else { throw fault("a whole number") }
        return value
    }

    mutating func string() throws(Fault) -> String {
        try expect("\"")
        var bytes: [UInt8] = []
        while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: bytes, as: UTF8.self) else {
                    throw Fault("a string in its header is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): bytes += try escape()
            case 0..<0x20: throw fault("no control character inside a string")
            default: bytes.append(byte)
            }
        }
        throw fault("the end of a string")
    }

    /// Nothing but space may follow.
    mutating func end() throws(Fault) {
        skipSpace()
        if position < text.count { throw fault("the end of the header") }
    }

    private mutating func escape() throws(Fault) -> [UInt8] {
        guard position < text.count else { throw fault("the end of a string") }
        let byte = text[position]
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
        guard UTF16.isLeadSurrogate(UInt16(first)), text[position...].starts(with: [0x5c, 0x75]) else {
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
            guard position < text.count, let digit = Character(Unicode.Scalar(text[position])).hexDigitValue else {
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
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < text.count, [0x20, 0x0a, 0x0d, 0x09].contains(text[position]) { position += 1 }
    }

    private func fault(_ wanted: String) -> Fault { Fault("byte \(position) of its header: \(wanted) was expected") }
}
