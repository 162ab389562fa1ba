internal import Crypto
internal import Foundation

/// The checksum that a state's file carries over its own bytes: computed with the checksum's place left empty.
///
/// It is over the bytes as they are, not over what they mean: a flipped bit that happens to mean the same, `1e-8` and
/// `1E-8`, is damage too, and a program that knows more settings still finds the file whole.
enum CheckpointSeal {
    /// What stands before the checksum in JSON that is printed prettily with sorted keys.
    private static let mark = Data(#""state_sha256" : ""#.utf8)
    private static let length = 64

    /// Puts the checksum into the empty place of a state's file.
    static func close(_ blank: Data) -> Data {
        guard let place = blank.range(of: mark, options: .backwards) else {
            preconditionFailure("a state without a place for its checksum")
        }
        var sealed = blank
        sealed.insert(contentsOf: SHA256.hash(data: blank).hexadecimal.utf8, at: place.upperBound)
        return sealed
    }

    /// Whether the bytes are those that were sealed.
    static func isWhole(_ sealed: Data) -> Bool {
        guard let place = sealed.range(of: mark, options: .backwards), place.upperBound + length <= sealed.endIndex
        else { return false }
        let range = place.upperBound..<place.upperBound + length
        var blank = sealed
        blank.removeSubrange(range)
        return Data(SHA256.hash(data: blank).hexadecimal.utf8) == sealed[range]
    }
}
