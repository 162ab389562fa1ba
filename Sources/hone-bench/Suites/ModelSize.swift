import Foundation
import HoneModel
import HoneTensor

/// The shapes that the numeric suites measure.
enum ModelSize: String, CaseIterable {
    /// The size that `ops/demo` trains from nothing, about 0.6 M parameters.
    case tiny
    /// About 5 M parameters.
    case small
    /// About 50 M parameters, nearly all of them in the layers.
    case fifty = "50m"

    var name: String { rawValue }

    var configuration: ModelConfiguration {
        switch self {
        case .tiny:
            ModelConfiguration(
                vocabularySize: 258, hiddenSize: 128, intermediateSize: 352, layerCount: 3, headCount: 4,
                maxPositionCount: 512, tiesEmbeddings: true)
        case .small:
            ModelConfiguration(
                vocabularySize: 258, hiddenSize: 256, intermediateSize: 704, layerCount: 6, headCount: 8,
                maxPositionCount: 512, tiesEmbeddings: true)
        case .fifty:
            ModelConfiguration(
                vocabularySize: 258, hiddenSize: 640, intermediateSize: 1728, layerCount: 10, headCount: 10,
                maxPositionCount: 512, tiesEmbeddings: true)
        }
    }
}

extension ModelConfiguration {
    /// Multiplications and additions of a training step over rows of `length` tokens, counted singly, a token: 2 for
    /// every number of a matrix forwards and 4 backwards, and attention's two products with the half of all pairs that
    /// are causal, likewise. What is computed again in the backward pass is not counted.
    func trainingOperationsPerToken(length: Int) -> Double {
        let norms = (2 * layerCount + 1) * hiddenSize
        return 6 * Double(parameterCount - norms) + 6 * Double(layerCount * headCount * headSize * (length + 1))
    }
}

/// Writes a model of this shape with fixed random weights and lends its directory.
func withModelDirectory(_ shape: ModelConfiguration, _ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hone-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { removeFolder(folder.path()) }
    try CausalLanguageModel(shape, generator: Generator(seed: 1)).save(directory: folder.path())
    try await body(folder.path())
}
