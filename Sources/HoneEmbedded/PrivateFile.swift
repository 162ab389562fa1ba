import Foundation

/// Small files that only their owner may read, replaced whole or not at all.
enum PrivateFile {
    static func write(_ text: String, to path: String) throws(EmbeddedError) {
        let aside = "\(path).\(getpid()).new"
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(aside) }
        let bytes = Array(text.utf8)
        let written = Foundation.write(descriptor, bytes, bytes.count)
        let isSynced = fsync(descriptor) == 0
        close(descriptor)
        guard written == bytes.count, isSynced, rename(aside, path) == 0 else { throw .system(path) }
    }

    /// The file's text, nil if there is no such file.
    static func read(_ path: String) throws(EmbeddedError) -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw .fileSystem(path: path, reason: "\(error.localizedDescription)")
        }
    }
}
