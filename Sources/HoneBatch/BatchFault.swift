/// What is wrong with one line of a batch file; the other lines go on.
public struct BatchFault: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    static func parameter(_ name: String, _ fault: String) -> BatchFault {
        BatchFault("body: \"\(name)\" \(fault)")
    }
}

/// Why a batch file could not be read or written at all.
public enum BatchError: Error, Sendable, Equatable {
    case unreadable(path: String, reason: String)
    case empty(path: String)
    case unknown(batch: Int64)
}

extension BatchError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .empty(let path): "\(path) holds no requests"
        case .unknown(let batch): "there is no batch \(batch); 'hone batch list' shows those that there are"
        }
    }
}
