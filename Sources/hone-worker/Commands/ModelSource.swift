import ArgumentParser
import Foundation
import HoneWorker

/// A model as it is named on the command line: a directory, or NAME or NAME@CHECKPOINT. A directory wins over a name,
/// as a path does in a shell.
enum ModelSource {
    case directory(String)
    case checkpoint(model: String, id: Int64?)

    init(_ text: String) throws {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: text, isDirectory: &isDirectory), isDirectory.boolValue {
            self = .directory(text)
            return
        }
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let number = parts.count == 2 ? Int64(parts[1]) : nil
        guard parts.count == 1 || number != nil, !text.contains("/") else {
            throw ValidationError("'\(text)' is no directory, and no NAME or NAME@CHECKPOINT.")
        }
        self = .checkpoint(model: parts[0], id: number)
    }

    var needsCatalog: Bool {
        if case .checkpoint = self { true } else { false }
    }

    var subject: ModelComparing.Subject {
        switch self {
        case .directory(let path): .directory(path)
        case .checkpoint(let model, let id): .checkpoint(model: model, id: id)
        }
    }
}
