import Foundation
import Logging

/// Writes one JSON object per log line on standard error.
struct JSONLogHandler: LogHandler {
    private let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String) {
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        let line = Line(
            at: Date.now.ISO8601Format(.iso8601(timeZone: .gmt, includingFractionalSeconds: true)),
            level: event.level.rawValue, logger: label, message: event.message.description,
            metadata: all.isEmpty ? nil : all.mapValues(\.description))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            FileHandle.standardError.write(try encoder.encode(line) + Data("\n".utf8))
        } catch {
            preconditionFailure("a line of strings cannot be encoded: \(error)")
        }
    }

    private struct Line: Encodable {
        let at: String
        let level: String
        let logger: String
        let message: String
        let metadata: [String: String]?
    }
}
