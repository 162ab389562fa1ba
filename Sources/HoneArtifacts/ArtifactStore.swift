import Crypto
public import Foundation

/// One content-addressed file: its checksum and its size.
public struct Artifact: Hashable, Sendable, Codable {
    public let sha256: ArtifactDigest
    public let byteCount: Int

    public init(sha256: ArtifactDigest, byteCount: Int) {
        self.sha256 = sha256
        self.byteCount = byteCount
    }
}

/// A directory of immutable files named by their SHA-256.
///
/// A file appears under its name only whole and on disk: it is written aside, flushed, renamed, and the directory
/// flushed. Any number of processes may share the directory. Memory stays at one chunk whatever the file's size.
public struct ArtifactStore: Sendable {
    private let root: String
    private static let chunkByteCount = 1 << 20
    private static let abandonedAfter: TimeInterval = 24 * 60 * 60

    /// Opens the store in `root`, making the directory if it is missing.
    ///
    /// Writes that a killed process left behind more than a day ago are removed.
    /// - Parameter root: by convention `$HONE_HOME/artifacts`.
    /// - Throws: `ArtifactError.system` if the directory cannot be made or read.
    public init(root: URL) throws(ArtifactError) {
        self.root = root.standardizedFileURL.path
        do {
            try FileManager.default.createDirectory(atPath: incoming, withIntermediateDirectories: true)
        } catch {
            throw .system(operation: "make the directory", path: incoming, reason: error.localizedDescription)
        }
        try removeAbandonedWrites()
    }

    // MARK: Putting

    /// Stores the bytes; storing what is there already costs one read and changes nothing.
    public func put(_ bytes: Data) throws(ArtifactError) -> Artifact {
        try put { sink throws(ArtifactError) in
            for start in stride(from: 0, to: bytes.count, by: Self.chunkByteCount) {
                try sink(ArraySlice(bytes.dropFirst(start).prefix(Self.chunkByteCount)))
            }
        }
    }

    /// Stores a copy of a file, streaming.
    public func put(contentsOf file: URL) throws(ArtifactError) -> Artifact {
        if let known = try stored(file) { return known }
        let source = try File.reading(file.path)
        return try put { sink throws(ArtifactError) in try Self.readChunks(of: source, into: sink) }
    }

    /// Takes the next bytes of a file.
    public typealias Sink = (ArraySlice<UInt8>) throws(ArtifactError) -> Void

    /// Stores what `produce` hands to its sink; nothing, if that throws.
    public func put(
        _ produce: (_ sink: Sink) throws(ArtifactError) -> Void
    ) throws(ArtifactError) -> Artifact {
        let aside = incoming + "/" + UUID().uuidString
        do throws(ArtifactError) {
            let artifact = try write(aside, produce)
            try publish(artifact.sha256, from: aside)
            return artifact
        } catch {
            try File.remove(aside)
            throw error
        }
    }

    /// What is stored already of a file of one chunk. Writing it only to find it stored would force it to disk before.
    private func stored(_ file: URL) throws(ArtifactError) -> Artifact? {
        let source = try File.reading(file.path)
        var (buffer, rest) = ([UInt8](repeating: 0, count: Self.chunkByteCount), [UInt8](repeating: 0, count: 1))
        let count = try source.read(into: &buffer)
        guard try source.read(into: &rest) == 0 else { return nil }
        var hash = SHA256()
        hash.update(buffer.prefix(count))
        let digest = ArtifactDigest(hash)
        guard contains(digest), try actualDigest(of: path(of: digest)) == digest else { return nil }
        return Artifact(sha256: digest, byteCount: count)
    }

    // MARK: Getting

    /// Whether a file of this name lies in the store; its bytes are not checked.
    public func contains(_ digest: ArtifactDigest) -> Bool {
        File.exists(path(of: digest))
    }

    /// The artifact's bytes, checked against its name.
    /// - Throws: `missing`, `corrupt`, or `tooLarge` beyond `limit` bytes.
    public func data(_ digest: ArtifactDigest, limit: Int = 64 << 20) throws(ArtifactError) -> Data {
        var data = Data()
        var byteCount = 0
        try verify(digest) { chunk throws(ArtifactError) in
            byteCount += chunk.count
            if byteCount <= limit { data.append(contentsOf: chunk) }
        }
        guard byteCount <= limit else { throw .tooLarge(digest, byteCount: byteCount, limit: limit) }
        return data
    }

    /// Where the artifact lies, after every byte of it was checked. The file is not to be written to.
    /// - Throws: `missing` or `corrupt`.
    public func verifiedFile(_ digest: ArtifactDigest) throws(ArtifactError) -> URL {
        try verify(digest) { _ throws(ArtifactError) in }
        return URL(filePath: path(of: digest))
    }

    /// Gives the checked artifact a second, read-only place: a hard link, or a copy on another file system.
    ///
    /// A file that is there already is replaced in one step.
    /// - Throws: `missing`, `corrupt`, or `system` if `destination` cannot be written.
    public func materialize(_ digest: ArtifactDigest, at destination: URL) throws(ArtifactError) {
        let source = try verifiedFile(digest).path
        let aside = destination.path + ".incoming-" + UUID().uuidString
        do throws(ArtifactError) {
            if try !File.hardLink(source, to: aside) { try copy(digest, to: aside) }
            try File.move(aside, to: destination.path)
        } catch {
            try File.remove(aside)
            throw error
        }
    }
}

extension ArtifactStore {
    /// Takes an artifact out of the store; one that is not there is no error.
    ///
    /// Who calls this knows that nobody else names the same bytes, and keeps the same from being put again meanwhile.
    public func remove(_ digest: ArtifactDigest) throws(ArtifactError) {
        try File.remove(path(of: digest))
    }
}

extension ArtifactStore {
    private var incoming: String { root + "/incoming" }

    /// Two levels, so that no directory grows past a few thousand entries at a million artifacts.
    private func path(of digest: ArtifactDigest) -> String {
        let hex = digest.hex
        return "\(root)/\(hex.prefix(2))/\(hex)"
    }

    private func write(
        _ aside: String, _ produce: (_ sink: Sink) throws(ArtifactError) -> Void
    ) throws(ArtifactError) -> Artifact {
        let file = try File.creating(aside)
        var hash = SHA256()
        var byteCount = 0
        try produce { chunk throws(ArtifactError) in
            hash.update(chunk)
            try file.write(chunk)
            byteCount += chunk.count
        }
        try file.seal()
        return Artifact(sha256: ArtifactDigest(hash), byteCount: byteCount)
    }

    /// Moves a whole file to its name. A stored file that went bad is replaced: the new bytes are the right ones.
    private func publish(_ digest: ArtifactDigest, from aside: String) throws(ArtifactError) {
        if contains(digest), try actualDigest(of: path(of: digest)) == digest {
            return try File.remove(aside)
        }
        let directory = "\(root)/\(digest.hex.prefix(2))"
        if try File.makeDirectory(directory) { try File.synchronizeDirectory(root) }
        try File.move(aside, to: path(of: digest))
        try File.synchronizeDirectory(directory)
    }

    private func actualDigest(of path: String) throws(ArtifactError) -> ArtifactDigest {
        try Self.digest(ofFile: path)
    }

    /// Reads the artifact once, handing on each chunk; throws at the end if they were not its bytes.
    private func verify(_ digest: ArtifactDigest, _ body: Sink) throws(ArtifactError) {
        let path = path(of: digest)
        guard contains(digest) else { throw .missing(digest, path: path) }
        let actual = try Self.digest(of: path, body)
        guard actual == digest else { throw .corrupt(digest, path: path, actual: actual) }
    }

    private func copy(_ digest: ArtifactDigest, to destination: String) throws(ArtifactError) {
        let target = try File.creating(destination)
        try verify(digest) { chunk throws(ArtifactError) in try target.write(chunk) }
        try target.seal()
    }

    fileprivate static func digest(ofFile path: String) throws(ArtifactError) -> ArtifactDigest {
        try digest(of: path) { _ throws(ArtifactError) in }
    }

    private static func digest(of path: String, _ body: Sink) throws(ArtifactError) -> ArtifactDigest {
        var hash = SHA256()
        try readChunks(of: File.reading(path)) { chunk throws(ArtifactError) in
            hash.update(chunk)
            try body(chunk)
        }
        return ArtifactDigest(hash)
    }

    private static func readChunks(of file: borrowing File, into sink: Sink) throws(ArtifactError) {
        var buffer = [UInt8](repeating: 0, count: chunkByteCount)
        while true {
            let count = try file.read(into: &buffer)
            if count == 0 { return }
            try sink(buffer.prefix(count))
        }
    }

    private func removeAbandonedWrites() throws(ArtifactError) {
        let limit = Date(timeIntervalSinceNow: -Self.abandonedAfter)
        do {
            let keys: [URLResourceKey] = [.contentModificationDateKey]
            for file in try FileManager.default.contentsOfDirectory(
                at: URL(filePath: incoming), includingPropertiesForKeys: keys)
            {
                let date = try file.resourceValues(forKeys: Set(keys)).contentModificationDate
                if let date, date < limit { try File.remove(file.path) }
            }
        } catch let error as ArtifactError {
            throw error
        } catch {
            throw .system(operation: "list", path: incoming, reason: error.localizedDescription)
        }
    }
}

extension ArtifactDigest {
    fileprivate init(_ hash: SHA256) {
        bytes = Array(hash.finalize())
    }

    /// Reads a file, in the store or not, a chunk at a time.
    public init(ofFile file: URL) throws(ArtifactError) {
        self = try ArtifactStore.digest(ofFile: file.path)
    }
}

extension SHA256 {
    fileprivate mutating func update(_ chunk: ArraySlice<UInt8>) {
        chunk.withUnsafeBytes { update(bufferPointer: $0) }
    }
}
