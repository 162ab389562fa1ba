import ArgumentParser
import Foundation
import HoneArtifacts
import HoneEmbedded
import HoneInference
import HonePostgres
import HoneTensor
import HoneTokenizer
import HoneWorker

/// Which model computes, and with what.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A directory in the Hugging Face form, or NAME or NAME@CHECKPOINT.", valueName: "model"))
    var model: String

    @Option(
        help: ArgumentHelp("What computes answers: cpu, or cuda:0 (docs/devices.md).", valueName: "device"),
        transform: Device.named)
    var device = Device.cpu

    @Option(help: ArgumentHelp("Threads inside one operator.", valueName: "count"))
    var threads = 1

    @Option(
        name: .customLong("database-url"),
        help: ArgumentHelp("Where NAME is looked up (default: HONE_DATABASE_URL, else 'hone dev''s).", valueName: "url")
    )
    var databaseURL: String?

    func validate() throws {
        try ModelOptions.check(threads: threads)
        try Self.open(device)
    }

    static func check(threads: Int) throws {
        guard Threads.allowed.contains(threads) else {
            throw ValidationError("--threads \(threads): give a number from 1 to \(Threads.allowed.upperBound).")
        }
    }

    /// A device that cannot be used is an error before anything is loaded or claimed.
    static func open(_ device: Device) throws {
        guard device != .cpu else { return }
        do {
            _ = try device.open()
        } catch {
            throw ValidationError("--device \(device): \(error)")
        }
    }

    func load(limits: GenerationLimits = GenerationLimits()) async throws -> LoadedModel {
        if isDirectory {
            return try await LoadedModel.load(directory: model, limits: limits, threads: threads, device: device)
        }
        return try await withLibrary { library, checkpoint in
            try await library.load(checkpoint, limits: limits, threads: threads)
        }
    }

    func loadTokenizer() async throws -> any Tokenizer {
        if isDirectory { return try LoadedModel.tokenizer(directory: model) }
        return try await load().tokenizer
    }

    /// A directory wins over a name, as a path does in a shell.
    private var isDirectory: Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: model, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    private func withLibrary<Value>(
        _ body: (CheckpointLibrary, Int64) async throws -> Value
    ) async throws -> Value {
        let parts = model.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let number = parts.count == 2 ? Int64(parts[1]) : nil
        guard parts.count == 1 || number != nil, !model.contains("/") else {
            throw ValidationError("'\(model)' is no directory, and no NAME or NAME@CHECKPOINT.")
        }
        let pool = try Surroundings.pool(databaseURL: databaseURL, connectionCount: 1)
        defer { pool.close() }
        let library = CheckpointLibrary(session: pool, store: try Surroundings.artifacts(), device: device)
        return try await body(library, library.find(parts[0], checkpoint: number))
    }
}
