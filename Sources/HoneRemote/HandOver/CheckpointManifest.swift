internal import Crypto
public import Foundation

/// What a checkpoint's directory must hold to be handed to servers: every file with its length and SHA-256.
///
/// It lies in the directory as `manifest.json`, for those who read the files on another machine.
public struct CheckpointManifest: Codable, Sendable, Equatable {
    public struct File: Codable, Sendable, Equatable {
        public let path: String
        public let bytes: Int
        public let sha256: String

        public init(path: String, bytes: Int, sha256: String) {
            self.path = path
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    /// What servers call the weights.
    public let weightVersion: String
    public let files: [File]

    public static let fileName = "manifest.json"

    private enum CodingKeys: String, CodingKey {
        case files
        case weightVersion = "weight_version"
    }

    public init(weightVersion: String, files: [File]) {
        self.weightVersion = weightVersion
        self.files = files
    }

    public func write(to directory: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(self) + Data("\n".utf8)).write(
            to: directory.appending(path: Self.fileName), options: .atomic)
    }

    /// Reads every byte of the directory; blocks for as long as that takes.
    /// - Throws: `HandOverError.badDirectory` with the file that is missing, different, or there without being named.
    public func check(_ directory: URL) throws(HandOverError) {
        let named = Set(files.map(\.path) + [Self.fileName])
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
            where !named.contains(name) && name.hasSuffix(".safetensors") {
                throw HandOverError.badDirectory(
                    directory.path, fault: "\(name) is not in the manifest, and servers would read it")
            }
            for file in files {
                let found = try Self.digest(of: directory.appending(path: file.path))
                guard found.bytes == file.bytes, found.sha256 == file.sha256 else {
                    throw HandOverError.badDirectory(
                        directory.path,
                        fault: "\(file.path) has \(found.bytes) bytes and SHA-256 \(found.sha256), not "
                            + "\(file.bytes) and \(file.sha256)")
                }
            }
        } catch let error as HandOverError {
            throw error
        } catch {
            throw .badDirectory(directory.path, fault: error.localizedDescription)
        }
    }

    private static func digest(of file: URL) throws -> (bytes: Int, sha256: String) {
        let handle = try FileHandle(forReadingFrom: file)
        var hash = SHA256()
        var bytes = 0
        while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
            hash.update(data: chunk)
            bytes += chunk.count
        }
        return (bytes, hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }
}

/// Why servers do not answer with new weights.
public enum HandOverError: Error, Sendable, Equatable {
    case badDirectory(String, fault: String)
    /// A step failed at one server; what that means for it is in the reason.
    case failed(endpoint: String, step: String, reason: String)
    /// The server said that all went well, and answers with other weights.
    case mismatch(endpoint: String, fault: String)
}

extension HandOverError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badDirectory(let path, let fault): "the weights in \(path) are not handed over: \(fault)"
        case .failed(let endpoint, let step, let reason): "\(endpoint) did not take the weights at \(step): \(reason)"
        case .mismatch(let endpoint, let fault):
            "\(endpoint) said that it had taken the weights, and has not: \(fault); it is not used"
        }
    }
}
