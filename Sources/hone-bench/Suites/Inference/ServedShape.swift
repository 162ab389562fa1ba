import HoneModel

/// The shapes of model whose serving is measured.
enum ServedShape: String, CaseIterable {
    /// The size that learns on two cores, where the cost of small operators rules.
    case five = "5m"
    case hundred = "125m"
    /// At batch 1 bound by the memory's bandwidth in every precision.
    case threeHundred = "300m"
    /// Of a device with a gigabyte a millisecond.
    case thousand = "1b"
    case threeThousand = "3b"
    case eightThousand = "8b"

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
        case .thousand:
            ModelConfiguration(
                vocabularySize: 32000, hiddenSize: 2048, intermediateSize: 8192, layerCount: 16, headCount: 32,
                kvHeadCount: 8, maxPositionCount: 2048, tiesEmbeddings: false)
        case .threeThousand:
            ModelConfiguration(
                vocabularySize: 32000, hiddenSize: 3072, intermediateSize: 8192, layerCount: 28, headCount: 24,
                kvHeadCount: 8, maxPositionCount: 2048, tiesEmbeddings: false)
        case .eightThousand:
            ModelConfiguration(
                vocabularySize: 32000, hiddenSize: 4096, intermediateSize: 14336, layerCount: 32, headCount: 32,
                kvHeadCount: 8, maxPositionCount: 2048, tiesEmbeddings: false)
        }
    }
}
