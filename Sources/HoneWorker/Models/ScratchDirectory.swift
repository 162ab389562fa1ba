import Foundation

/// A directory for the length of one piece of work. Its name holds the process, so that what a killed one left can be
/// told from what is in use.
public enum ScratchDirectory {
    private static let prefix = "hone-scratch-"
    private static var parent: URL { FileManager.default.temporaryDirectory }

    /// Makes an empty directory and removes it, with all that is in it, after `body`.
    nonisolated(nonsending) static func with<Value>(
        _ purpose: String, _ body: (String) async throws -> Value
    ) async throws -> Value {
        let process = ProcessInfo.processInfo.processIdentifier
        let directory = parent.appending(path: "\(prefix)\(process)-\(purpose)-\(UUID().uuidString)").path
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

    /// Removes what processes left that are no more.
    public static func removeLeftovers() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: parent.path) where name.hasPrefix(prefix) {
            let number = name.dropFirst(prefix.count).prefix(while: \.isNumber)
            guard let process = pid_t(number), kill(process, 0) != 0, errno == ESRCH else { continue }
            try FileManager.default.removeItem(at: parent.appending(path: name))
        }
    }
}
