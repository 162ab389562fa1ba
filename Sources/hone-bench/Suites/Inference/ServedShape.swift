import HoneModel

/// The shapes of model whose serving is measured.
enum ServedShape: String, CaseIterable {
    /// The size that learns on two cores, where the cost of small operators rules.
    case five = "5m"
    case hundred = "125m"
    /// At batch 1 bound by the memory's bandwidth in every precision.
    case threeHundred = "300m"

    var configuration: ModelConfiguration {
        switch self {
        case .five:
            ModelConfiguration(
                vocabularySize: 258, hiddenSize: 256, intermediateSize: 704, layerCount: 6, headCount: 8,
                maxPositionCount: 2048, tiesEmbeddings: true)
        case .hundred:
            ModelConfiguration(
                vocabularySize: 32000, hiddenSize: 768, intermediateSize: 2048, layerCount: 12, headCount: 12,
                kvHeadCount: 4, maxPositionCount: 2048, tiesEmbeddings: false)
        case .threeHundred:
            ModelConfiguration(
                vocabularySize: 32000, hiddenSize: 1024, intermediateSize: 2816, layerCount: 20, headCount: 16,
                kvHeadCount: 4, maxPositionCount: 2048, tiesEmbeddings: false)
        }
    }
}
