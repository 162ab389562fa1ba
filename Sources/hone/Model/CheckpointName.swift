import ArgumentParser

/// `NAME@CHECKPOINT`, or `NAME` alone where a command finds the checkpoint itself.
struct CheckpointName: ExpressibleByArgument {
    let model: String
    let checkpoint: Int64?

    init?(argument: String) {
        let parts = argument.split(separator: "@", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let name = parts.first, !name.isEmpty else { return nil }
        model = String(name)
        guard parts.count == 2 else {
            checkpoint = nil
            return
        }
        guard let number = Int64(parts[1]) else { return nil }
        checkpoint = number
    }

    /// The checkpoint, for a command that must have one.
    func required() throws -> Int64 {
        guard let checkpoint else {
            throw ValidationError("'\(model)' names no checkpoint; write for example \(model)@12.")
        }
        return checkpoint
    }
}
