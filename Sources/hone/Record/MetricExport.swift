import Foundation
import HoneCatalog
import HoneDatasets
import HonePlots
import HonePostgres

/// The numbers of a job's steps, written for other programs, a step at a time so that memory is bounded.
struct MetricExport {
    let job: Int64
    let names: [String]

    /// Prints one JSON object a step.
    func jsonLines(from connection: PostgresConnection) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try await StepMetrics.read(of: job, names: Set(names), in: connection) { step in
            var line = step.numbers.mapValues { $0.isFinite ? JSONValue.number($0) : .null }
            line["step"] = .integer(step.step)
            line["at"] = .string(step.at.ISO8601Format(.init(includingFractionalSeconds: true)))
            print(String(decoding: try encoder.encode(line), as: UTF8.self))
        }
    }

    /// Writes an event file of TensorBoard's into a folder for this job; returns its path.
    func tensorBoard(in folder: String, from connection: PostgresConnection) async throws -> String {
        let directory = URL(filePath: folder).appending(path: "job-\(job)")
        let target = directory.appending(path: "events.out.tfevents.hone").path
        let aside = target + ".partial"
        do {
            let manager = FileManager.default
            try manager.createDirectory(at: directory, withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: aside))
            let handle = try FileHandle(forWritingTo: URL(filePath: aside))
            try await write(to: handle, from: connection)
            try handle.close()
            if manager.fileExists(atPath: target) { try manager.removeItem(atPath: target) }
            try manager.moveItem(atPath: aside, toPath: target)
        } catch let error as CocoaError {
            throw CommandError.fileUnwritable(path: target, reason: error.fileReason)
        }
        return target
    }

    private func write(to handle: FileHandle, from connection: PostgresConnection) async throws {
        var events: EventFile?
        try await StepMetrics.read(of: job, names: Set(names), in: connection) { step in
            if events == nil { events = EventFile(startedAt: step.at) }
            events?.append(step: step.step, at: step.at, step.numbers)
            if let full = events?.take(over: 1 << 16) { try handle.write(contentsOf: full) }
        }
        if let rest = events?.take(over: 0) { try handle.write(contentsOf: rest) }
    }
}
