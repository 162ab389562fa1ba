/// The JSON header of a safetensors file, checked against the length of the data behind it.
struct SafetensorsHeader {
    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]

    /// One tensor: its type, shape and bytes `start..<end` of the data.
    struct Entry {
        let type: ElementType
        let shape: [Int]
        let start: Int
        let end: Int
    }

    /// What is wrong, for the user.
    struct Fault: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// The format's element types; those without a `dtype` can be in a file but not become a tensor here.
    enum ElementType: String {
        case bool = "BOOL"
        case u8 = "U8"
        case i8 = "I8"
        case f8e5m2 = "F8_E5M2"
        case f8e4m3 = "F8_E4M3"
        case i16 = "I16"
        case u16 = "U16"
        case f16 = "F16"
        case bf16 = "BF16"
        case i32 = "I32"
        case u32 = "U32"
        case f32 = "F32"
        case i64 = "I64"
        case u64 = "U64"
        case f64 = "F64"

        var byteCount: Int {
            switch self {
            case .bool, .u8, .i8, .f8e5m2, .f8e4m3: 1
            case .i16, .u16, .f16, .bf16: 2
            case .i32, .u32, .f32: 4
            case .i64, .u64, .f64: 8
            }
        }

        var dtype: DType? { DType.allCases.first { Self($0) == self } }

        init(_ dtype: DType) {
            switch dtype {
            case .uint8: self = .u8
            case .int8: self = .i8
            case .int32: self = .i32
            case .int64: self = .i64
            case .float16: self = .f16
            case .float32: self = .f32
            case .float64: self = .f64
            case .bool: self = .bool
            case .bfloat16: self = .bf16
            }
        }
    }

    /// Parses and checks a header: every tensor's bytes must match its type and shape, and together they must fill
    /// the data without gap or overlap.
    init(parsing text: [UInt8], dataByteCount: Int) throws(Fault) {
        var scanner = HeaderScanner(text)
        guard text.first == UInt8(ascii: "{") else { throw Fault("its header does not start with '{'") }
        try scanner.object { (scanner, key) throws(Fault) in
            if key == "__metadata__" {
                try scanner.object { (scanner, key) throws(Fault) in metadata[key] = try scanner.string() }
                return
            }
            let entry = try Self.entry(named: key, &scanner)
            entries[key] = entry
        }
        try scanner.end()
        try checkLayout(dataByteCount: dataByteCount)
    }

    private static func entry(named name: String, _ scanner: inout HeaderScanner) throws(Fault) -> Entry {
        var type: ElementType?
        var shape: [Int]?
        var offsets: [Int] = []
        try scanner.object { (scanner, key) throws(Fault) in
            switch key {
            case "dtype":
                let text = try scanner.string()
                type = ElementType(rawValue: text)
                if type == nil { throw Fault("tensor '\(name)' has unknown type '\(text)'") }
            case "shape": shape = try scanner.numbers()
            case "data_offsets": offsets = try scanner.numbers()
            default: throw Fault("tensor '\(name)' has an unknown field '\(key)'")
            }
        }
        guard let type, let shape, offsets.count == 2 else {
            throw Fault("tensor '\(name)' lacks its type, its shape or its two offsets")
        }
        guard let byteCount = byteCount(of: shape, type), offsets[0] <= offsets[1],
            offsets[1] - offsets[0] == byteCount
        else {
            throw Fault("tensor '\(name)' of type \(type.rawValue) and shape \(shape) cannot take bytes \(offsets)")
        }
        return Entry(type: type, shape: shape, start: offsets[0], end: offsets[1])
    }

    /// The bytes of a tensor; nil when the product does not fit a machine word, or libtorch has no such tensor.
    private static func byteCount(of shape: [Int], _ type: ElementType) -> Int? {
        if shape.count > 64 { return nil }
        var product = type.byteCount
        // An empty tensor must not hide an absurd length beside its zero.
        for length in shape where length != 0 {
            let (next, overflow) = product.multipliedReportingOverflow(by: length)
            if overflow { return nil }
            product = next
        }
        return shape.contains(0) ? 0 : product
    }

    private func checkLayout(dataByteCount: Int) throws(Fault) {
        var reached = 0
        for (name, entry) in entries.sorted(by: { ($0.value.start, $0.value.end) < ($1.value.start, $1.value.end) }) {
            guard entry.start == reached else {
                let fault = entry.start < reached ? "overlaps another" : "leaves a gap before it"
                throw Fault("tensor '\(name)' at byte \(entry.start) \(fault) (expected \(reached))")
            }
            reached = entry.end
        }
        guard reached == dataByteCount else {
            throw Fault("its tensors need \(reached) bytes of data, the file has \(dataByteCount)")
        }
    }
}

// Writing.
extension SafetensorsHeader {
    /// The length field and the header for tensors in the given order, padded to a multiple of 8 bytes.
    static func encode(
        _ tensors: [(name: String, type: ElementType, shape: [Int])], metadata: [String: String]
    ) -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for (name, type, shape) in tensors {
            let end = offset + shape.reduce(type.byteCount, *)
            let sizes = shape.map(String.init).joined(separator: ",")
            fields.append(
                "\(quoted(name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(sizes)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var text = Array("{\(fields.joined(separator: ","))}".utf8)
        text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        let length = UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
