import Foundation

/// A directory for the length of one piece of work.
enum ScratchDirectory {
    /// Makes an empty directory and removes it, with all that is in it, after `body`.
    static func with<Value>(_ purpose: String, _ body: (String) async throws -> Value) async throws -> Value {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "hone-\(purpose)-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let value: Value
        do {
            value = try await body(directory)
        } catch {
            let cause = error
            try FileManager.default.removeItem(atPath: directory)
            throw cause
        }
        try FileManager.default.removeItem(atPath: directory)
        return value
    }
}
