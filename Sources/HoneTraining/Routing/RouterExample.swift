internal import Crypto
internal import Foundation
public import HoneModel

/// A prompt with what became of the answers that its paths gave.
public struct RouterExample: Sendable, Equatable {
    /// As the model reads it.
    public var prompt: [Int32]
    /// The share of a path's answers that was right; nothing for a path that was not tried.
    public var outcomes: [RoutePath: Double]

    public init(prompt: [Int32], outcomes: [RoutePath: Double]) {
        self.prompt = prompt
        self.outcomes = outcomes
    }
}

extension [RouterExample] {
    /// SHA-256 over prompts and outcomes in order.
    var hash: String {
        var hasher = SHA256()
        for example in self {
            let outcomes = RoutePath.allCases.map { example.outcomes[$0].map { "\($0)" } ?? "-" }
            hasher.update(data: Data("\(example.prompt) \(outcomes)\n".utf8))
        }
        return hasher.finalize().hexadecimal
    }

    /// The paths that were tried on any prompt.
    var knownPaths: [RoutePath] { RoutePath.allCases.filter { path in contains { $0.outcomes[path] != nil } } }
}

/// Which prompts a router learns from, which its sureness is fitted to, and which it is measured on.
struct RouterSplit {
    let training: [Int]
    let calibrating: [Int]
    let heldOut: [Int]

    init(_ count: Int, _ configuration: RouterConfiguration) throws(TrainingError) {
        var order = Array(0..<count)
        var random = SplitMix64(seed: configuration.seed, stream: 0x5911)
        random.shuffle(&order)
        let heldOutCount = Int((Double(count) * configuration.heldOutShare).rounded())
        let calibratingCount = Int((Double(count) * configuration.calibrationShare).rounded())
        guard heldOutCount > 0, calibratingCount > 0, heldOutCount + calibratingCount < count else {
            throw .noExamples(
                "\(count) prompts have verified answers, too few to learn from some, fit to some and measure on some")
        }
        heldOut = Array(order[..<heldOutCount])
        calibrating = Array(order[heldOutCount..<heldOutCount + calibratingCount])
        training = Array(order[(heldOutCount + calibratingCount)...])
    }
}
