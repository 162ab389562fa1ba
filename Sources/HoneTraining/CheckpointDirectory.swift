internal import Crypto
internal import Foundation
internal import HoneTensor

/// A directory that holds one state of a run: a model that Hugging Face's libraries load, and what it takes to go on.
///
/// It is written beside its place and renamed, so it is there whole or not at all; `training_state.json` keeps the
/// checksum of every other file, and reading refuses a file that changed.
struct CheckpointDirectory {
    /// Absolute or relative to the working directory.
    let path: String

    static let stateFile = "training_state.json"
    static let optimizerFile = "optimizer.safetensors"

    /// What a run needs besides weights and optimizer to go on with the same bits.
    ///
    /// `Configuration` is the run's, and `Progress` what it carries from step to step besides the random generator.
    struct State<Configuration: Codable & Sendable, Progress: Codable & Sendable>: Codable, Sendable {
        var format = CheckpointDirectory.format
        /// Steps done; with the seed, also the cursor in the data.
        var step: Int
        var configuration: Configuration
        /// Nil in runs that carry nothing.
        var progress: Progress?
        /// SHA-256 of the examples as tokens.
        var datasetHash: String
        /// State of the random generator.
        var random: Data
        /// libtorch's version: another may round differently.
        var library: String
        /// SHA-256 of the other files.
        var files: [String: String] = [:]
        /// SHA-256 of this state with this field empty.
        var checksum = ""

        enum CodingKeys: String, CodingKey {
            case format, step, configuration, progress
            case datasetHash = "dataset_sha256"
            case random = "random_state"
            case library = "libtorch"
            case files
            case checksum = "state_sha256"
        }

        /// The state as the file holds it, under its seal.
        func sealed() throws -> Data {
            var state = self
            state.checksum = ""
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return CheckpointSeal.close(try encoder.encode(state))
        }
    }

    /// What every format has, and a seal of the same kind.
    private struct Header: Decodable {
        let format: Int?
    }

    /// Of the files that this program writes, and the newest that it reads.
    static let format = 1

    /// Writes the directory; `fill` puts the other files into the directory that it is given.
    func write<Configuration, Progress>(
        _ state: State<Configuration, Progress>, _ fill: (String) throws -> Void
    ) throws {
        let manager = FileManager.default
        let parent = URL(filePath: path).deletingLastPathComponent().path
        try manager.createDirectory(atPath: parent, withIntermediateDirectories: true)
        let aside = path + ".\(UUID().uuidString).partial"
        do {
            try manager.createDirectory(atPath: aside, withIntermediateDirectories: false)
            try fill(aside)
            var state = state
            for name in try manager.contentsOfDirectory(atPath: aside) {
                state.files[name] = try Self.checksum(aside + "/" + name)
            }
            try state.sealed().write(to: URL(filePath: aside + "/" + Self.stateFile))
            // A checkpoint of the same step holds the same bits, so the old one may go.
            if manager.fileExists(atPath: path) { try manager.removeItem(atPath: path) }
            try manager.moveItem(atPath: aside, toPath: path)
        } catch {
            do {
                try manager.removeItem(atPath: aside)
            } catch {
                throw TrainingError.checkpoint(directory: path, reason: "left \(aside) behind: \(error)")
            }
            throw error
        }
    }

    /// Reads the state and compares every file with its checksum.
    ///
    /// - Parameters:
    ///   - type: of the state that the run wrote
    ///   - required: files that must be there besides the model and its optimizer
    /// - Returns: the state, sound
    /// - Throws: `TrainingError.damagedCheckpoint` where the one before may serve, else `.checkpoint`.
    func read<Configuration, Progress>(
        _ type: State<Configuration, Progress>.Type, required: [String] = []
    ) throws -> State<Configuration, Progress> {
        let state = try decode(type, stateData())
        for (name, checksum) in state.files.sorted(by: { $0.key < $1.key }) {
            guard !name.contains("/") else { throw fault("names a file outside it: \(name)") }
            guard try self.checksum(ofWhole: name) == checksum else { throw damage("\(name) is not what was written") }
        }
        for name in [Self.optimizerFile, "model.safetensors", "config.json"] + required
        where state.files[name] == nil {
            throw fault("is of a run of another kind: it has no \(name)")
        }
        return state
    }

    func fault(_ reason: String) -> TrainingError { .checkpoint(directory: path, reason: reason) }

    private func damage(_ reason: String) -> TrainingError { .damagedCheckpoint(directory: path, reason: reason) }

    /// The bytes of the state's file, sound and of a format that this program reads.
    private func stateData() throws -> Data {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path + "/" + Self.stateFile))
        } catch {
            throw damage("\(Self.stateFile) cannot be read: \(error.localizedDescription)")
        }
        guard CheckpointSeal.isWhole(data) else { throw damage("\(Self.stateFile) is not what was written") }
        guard let format = try decode(Header.self, data).format, format <= Self.format else {
            throw fault(
                "was written by a newer Hone, in a format above \(Self.format); go on with that one: nothing was "
                    + "changed")
        }
        return data
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ data: Data) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch is DecodingError {
            throw fault("\(Self.stateFile) is not the state of a training run of this kind")
        }
    }

    private func checksum(ofWhole name: String) throws(TrainingError) -> String {
        do {
            return try Self.checksum(path + "/" + name)
        } catch {
            throw damage("\(name) cannot be read: \(error.localizedDescription)")
        }
    }

    /// Throws unless the examples and the configuration are those that the checkpoint was written with.
    func requireSame<Configuration: Equatable, Progress>(
        _ state: State<Configuration, Progress>, datasetHash: String, configuration: Configuration?
    ) throws(TrainingError) {
        guard state.datasetHash == datasetHash else {
            throw fault(
                "was trained on other examples (checksum \(state.datasetHash.prefix(12)), now "
                    + "\(datasetHash.prefix(12))); give it the same ones in the same order, or start a new run from "
                    + "its model")
        }
        if let configuration, configuration != state.configuration {
            throw fault("was trained with another configuration; start a new run from its model instead")
        }
    }

    /// SHA-256 of a file, read piece by piece.
    private static func checksum(_ path: String) throws -> String {
        let file = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { file.closeFile() }
        var hasher = SHA256()
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { hasher.update(data: piece) }
        return hasher.finalize().hexadecimal
    }
}

extension SHA256Digest {
    /// The digest as 64 lower-case digits.
    var hexadecimal: String {
        map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
