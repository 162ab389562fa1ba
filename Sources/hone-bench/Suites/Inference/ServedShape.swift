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
        case .hundred: Self.shape(hidden: 768, inner: 2048, layers: 12, heads: 12, kvHeads: 4)
        case .threeHundred: Self.shape(hidden: 1024, inner: 2816, layers: 20, heads: 16, kvHeads: 4)
        case .thousand: Self.shape(hidden: 2048, inner: 8192, layers: 16, heads: 32, kvHeads: 8)
        case .threeThousand: Self.shape(hidden: 3072, inner: 8192, layers: 28, heads: 24, kvHeads: 8)
        case .eightThousand: Self.shape(hidden: 4096, inner: 14336, layers: 32, heads: 32, kvHeads: 8)
        }
    }

    private static func shape(hidden: Int, inner: Int, layers: Int, heads: Int, kvHeads: Int) -> ModelConfiguration {
        ModelConfiguration(
            vocabularySize: 32000, hiddenSize: hidden, intermediateSize: inner, layerCount: layers, headCount: heads,
            kvHeadCount: kvHeads, maxPositionCount: 2048, tiesEmbeddings: false)
    }
}
