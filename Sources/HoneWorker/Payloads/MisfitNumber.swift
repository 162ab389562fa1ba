import Foundation

/// A number in a payload that is of no use where it stands: too large, not whole, or below zero.
///
/// The decoder says of such a number only that the data is not valid JSON. Of a text in the place of a number it says
/// where it stands and what is wanted there, so the numbers are made texts one after the other.
struct MisfitNumber {
    private let place: [any CodingKey]
    private let fault: String

    var error: WorkerError { .payload(key: WorkerError.place(place), fault: fault) }

    /// The number because of which a type cannot be read from JSON; nil where the error is another.
    static func find<Value: Decodable>(
        behind error: DecodingError, in json: Data, of type: Value.Type
    ) -> MisfitNumber? {
        guard case .dataCorrupted(let context) = error, context.codingPath.isEmpty else { return nil }
        for token in tokens(in: json) {
            var changed = json
            changed.replaceSubrange(token, with: Data("\"\"".utf8))
            do {
                _ = try JSONDecoder().decode(Value.self, from: changed)
            } catch DecodingError.typeMismatch(let wanted, let context) {
                let text = String(decoding: json[token], as: UTF8.self)
                guard let fault = fault(of: text, wanted) else { continue }
                return MisfitNumber(place: context.codingPath, fault: fault)
            } catch {
                continue
            }
        }
        return nil
    }

    private static func fault(of text: String, _ wanted: any Any.Type) -> String? {
        switch wanted {
        case let wanted as any FixedWidthInteger.Type: fault(of: text, whole: wanted)
        case is any BinaryFloatingPoint.Type: Double(text)?.isFinite == true ? nil : "is \(text), which is too large"
        default: nil
        }
    }

    private static func fault<Whole: FixedWidthInteger>(of text: String, whole: Whole.Type) -> String? {
        if Whole(text) != nil || Double(text).flatMap({ Whole(exactly: $0) }) != nil { return nil }
        if let number = Double(text), number != number.rounded() { return "must be a whole number, and is \(text)" }
        return "must be a whole number from \(Whole.min) to \(Whole.max), and is \(text)"
    }

    /// Where numbers stand in JSON, outside its strings.
    private static func tokens(in json: Data) -> [Range<Data.Index>] {
        var tokens: [Range<Data.Index>] = []
        var isInString = false
        var index = json.startIndex
        while index < json.endIndex {
            let byte = json[index]
            if isInString {
                if byte == UInt8(ascii: "\\") { index += 1 }
                isInString = byte != UInt8(ascii: "\"")
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if byte == UInt8(ascii: "-") || isDigit(byte) {
                let end = json[index...].firstIndex { !isDigit($0) && !"+-.eE".utf8.contains($0) } ?? json.endIndex
                tokens.append(index..<end)
                index = end
                continue
            }
            index += 1
        }
        return tokens
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
