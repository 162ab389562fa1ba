import HoneModel
import HoneTensor
import HoneWorker

/// The ways to keep a model in fewer bits that the suite compares.
struct QuantizedVariant: Sendable {
    let name: String
    let settings: QuantizationSettings

    static let sparsities = [0.2, 0.3, 0.4, 0.5]

    static func all(measuredCount: Int) -> [QuantizedVariant] {
        func variant(
            _ name: String, _ target: ModelQuantizer.Target, size: Double? = nil, sparsity: Double = 0,
            cache: KeyValuePages.Entry = .float32
        ) -> QuantizedVariant {
            var settings = QuantizationSettings(target)
            settings.budgetSize = size
            settings.sparsity = sparsity
            settings.cache = cache
            settings.measuredCount = measuredCount
            settings.maximumNewTokens = 64
            return QuantizedVariant(name: name, settings: settings)
        }
        return [variant("bf16", .bf16), variant("int8", .int8)]
            + [variant("int8, keys and values too", .int8, cache: .int8), variant("int4", .int4)]
            + [0.3, 0.22, 0.18, 0.15].map { variant("mixed, \(Int(($0 * 100).rounded())) %", .mixed, size: $0) }
            + sparsities.map { variant("int8, \(Int(100 * $0)) % of inputs skipped", .int8, sparsity: $0) }
    }
}

extension PrecisionPlan {
    /// The same for a network of another depth: a layer has what the layer at its share of the depth has.
    func stretched(from shallow: ModelConfiguration, to deep: ModelConfiguration) -> PrecisionPlan {
        var exceptions: [String: LayerPrecision] = [:]
        for path in PrecisionPlan.paths(of: deep) {
            var parts = path.split(separator: ".").map(String.init)
            if parts.count > 2, let layer = Int(parts[2]) {
                parts[2] = "\(layer * shallow.layerCount / deep.layerCount)"
            }
            exceptions[path] = self[parts.joined(separator: ".")]
        }
        return PrecisionPlan(standard, exceptions: exceptions)
    }
}
