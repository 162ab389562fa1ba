/// What can go wrong between the store and its directory.
public enum ArtifactError: Error, Equatable {
    /// No artifact of this checksum lies in the store.
    case missing(ArtifactDigest, path: String)
    /// The stored bytes have another checksum than their name: the disk or someone else changed them.
    case corrupt(ArtifactDigest, path: String, actual: ArtifactDigest)
    /// An artifact is larger than the caller is ready to hold in memory.
    case tooLarge(ArtifactDigest, byteCount: Int, limit: Int)
    /// A system call failed; `reason` is the system's own sentence.
    case system(operation: String, path: String, reason: String)
}

extension ArtifactError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing(let digest, let path):
            "artifact \(digest) is not in the store (looked for \(path)); bring it from the machine that made it"
        case .corrupt(let digest, let path, let actual):
            "artifact \(digest) is corrupt: the bytes in \(path) have the checksum \(actual); "
                + "delete that file and store the artifact again"
        case .tooLarge(let digest, let byteCount, let limit):
            "artifact \(digest) has \(byteCount) bytes, more than the \(limit) to be held in memory; read it as a file"
        case .system(let operation, let path, let reason):
            "cannot \(operation) \(path): \(reason)"
        }
    }
}
