/// Why a dataset file was refused; nothing of a refused file is kept.
public enum DatasetError: Error, Equatable {
    case unreadable(file: String, reason: String)
    case unknownFormat(file: String)
    case empty(file: String)
    /// `line` counts from 1 and is where the row begins.
    case badRow(file: String, line: Int, reason: String)
}

extension DatasetError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "cannot read \(file): \(reason)"
        case .unknownFormat(let file):
            "\(file) has none of the known formats; name one of: "
                + DatasetFormat.allCases.map(\.rawValue).joined(separator: ", ")
        case .empty(let file):
            "\(file) holds no examples"
        case .badRow(let file, let line, let reason):
            "\(file):\(line): \(reason)"
        }
    }
}

/// What is wrong with the row being read; the reader adds the file and the line.
struct RowFault: Error {
    let reason: String
    /// Where the fault lies, if not where the row begins.
    var line: Int?

    init(_ reason: String, line: Int? = nil) {
        self.reason = reason
        self.line = line
    }
}

extension RowFault {
    /// Says in a sentence what a JSON decoder found.
    init(_ error: any Error) {
        guard let error = error as? DecodingError else {
            self.init("\(error)")
            return
        }
        switch error {
        case .keyNotFound(let key, _):
            self.init("the key \"\(key.stringValue)\" is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            self.init("\(Self.place(context)) has the wrong type: \(context.debugDescription)")
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            self.init("not valid JSON\(Self.cause(context)); each row must be one whole JSON object")
        case .dataCorrupted(let context):
            self.init("\(Self.place(context)): \(context.debugDescription)")
        @unknown default:
            self.init("\(error)")
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
        return path.isEmpty ? "the row" : "\"\(path.joined(separator: "."))\""
    }

    private static func cause(_ context: DecodingError.Context) -> String {
        guard let error = context.underlyingError else { return "" }
        let text = String(describing: error)
        guard let start = text.firstRange(of: "NSDebugDescription="),
            let end = text[start.upperBound...].firstIndex(of: "}")
        else { return " (\(text))" }
        return " (\(text[start.upperBound..<end]))"
    }
}
