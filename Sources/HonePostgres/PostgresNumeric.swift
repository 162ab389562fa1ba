/// A `numeric`, as PostgreSQL sends it: groups of four decimal digits.
struct PostgresNumeric: CustomStringConvertible {
    private let groups: [Int16]
    /// The power of 10000 of the first group.
    private let weight: Int
    private let sign: UInt16
    /// Digits behind the decimal point.
    private let scale: Int

    init(_ bytes: Span<UInt8>) throws(PostgresMismatch) {
        let count = Int(try bytes.bigEndian(as: UInt16.self))
        weight = Int(try bytes.bigEndian(at: 2, as: Int16.self))
        sign = try bytes.bigEndian(at: 4)
        scale = Int(try bytes.bigEndian(at: 6, as: UInt16.self))
        var groups: [Int16] = []
        for index in 0..<count { groups.append(try bytes.bigEndian(at: 8 + 2 * index)) }
        self.groups = groups
    }

    /// The number, which must have no fraction and fit in 64 bits.
    var whole: Int64 {
        get throws(PostgresMismatch) {
            let parts = description.split(separator: ".")
            guard let value = parts.first.flatMap({ Int64($0) }),
                parts.dropFirst().allSatisfy({ $0.allSatisfy { $0 == "0" } })
            else { throw PostgresMismatch("\(self) is not a whole number of 64 bits") }
            return value
        }
    }

    var description: String {
        switch sign {
        case 0xC000: return "NaN"
        case 0xD000: return "Infinity"
        case 0xF000: return "-Infinity"
        default: break
        }
        let integer = weight < 0 ? "0" : (0...weight).reduce(into: "") { $0 += digits(at: $1) }
        let trimmed = integer.drop { $0 == "0" }
        var text = (sign == 0x4000 ? "-" : "") + (trimmed.isEmpty ? "0" : trimmed)
        if scale > 0 {
            let groupCount = (scale + 3) / 4
            let fraction = (1...groupCount).reduce(into: "") { $0 += digits(at: weight + $1) }
            text += "." + fraction.prefix(scale)
        }
        return text
    }

    private func digits(at index: Int) -> String {
        let group = groups.indices.contains(index) ? groups[index] : 0
        let text = String(group)
        return String(repeating: "0", count: 4 - text.count) + text
    }
}
