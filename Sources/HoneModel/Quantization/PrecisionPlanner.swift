public import HoneTensor

/// What one matrix costs in each precision.
public struct LayerSensitivity: Codable, Sendable, Hashable {
    /// As ``PrecisionPlan`` names layers, or `model.embed_tokens`.
    public let path: String
    public let options: [Option]

    /// A matrix in one precision while all others are in 32 bits.
    public struct Option: Codable, Sendable, Hashable {
        public let precision: LayerPrecision
        /// In the file, scales and all.
        public let byteCount: Int
        /// How far the distribution of the next token moves: the mean over tokens of KL(32 bits ‖ this), in nats.
        public let divergence: Double

        enum CodingKeys: String, CodingKey {
            case precision, divergence
            case byteCount = "bytes"
        }

        public init(precision: LayerPrecision, byteCount: Int, divergence: Double) {
            self.precision = precision
            self.byteCount = byteCount
            self.divergence = divergence
        }
    }

    public init(path: String, options: [Option]) {
        self.path = path
        self.options = options
    }
}

/// Chooses every matrix's precision so that together they move the model's answers the least within a number of bytes:
/// a knapsack where one option of each is taken. What layers do to the answers is taken to add up, as Hessian-aware
/// quantization (Dong et al. 2019, HAWQ-V2, arXiv:1911.03852, section 3.2) takes it.
public struct PrecisionPlanner {
    /// Units that the bytes are counted in at most, each layer's rounded up; below it the plan is the best there is.
    private static let unitLimit = 16_384

    private let layers: [LayerSensitivity]

    public init(_ layers: [LayerSensitivity]) { self.layers = layers }

    /// The fewest bytes that there can be.
    public var leastByteCount: Int {
        layers.reduce(0) { $0 + ($1.options.map(\.byteCount).min() ?? 0) }
    }

    /// One precision for each layer, in their order; nil where no choice has so few bytes.
    public func choose(byteLimit: Int) -> [LayerPrecision]? {
        // Small sizes get as many units as they have bytes; large ones are rounded, and against us, so that what is
        // chosen is within the limit in any case.
        let base = leastByteCount
        guard base <= byteLimit else { return nil }
        let unit = max(1, (byteLimit - base + Self.unitLimit - 1) / Self.unitLimit)
        let room = (byteLimit - base) / unit
        // By units spent beyond the least: the least divergence, and what was chosen for it.
        var least = [Double](repeating: 0, count: room + 1)
        var picks: [[Int8]] = []
        for layer in layers {
            let floor = layer.options.map(\.byteCount).min() ?? 0
            var next = [Double](repeating: .infinity, count: room + 1)
            var pick = [Int8](repeating: -1, count: room + 1)
            for (number, option) in layer.options.enumerated() {
                let units = (option.byteCount - floor + unit - 1) / unit
                guard units <= room else { continue }
                for spent in units...room where least[spent - units] + option.divergence < next[spent] {
                    next[spent] = least[spent - units] + option.divergence
                    pick[spent] = Int8(number)
                }
            }
            least = next
            picks.append(pick)
        }
        var spent = room
        var chosen: [LayerPrecision] = []
        for (layer, pick) in zip(layers, picks).reversed() {
            let option = layer.options[Int(pick[spent])]
            chosen.append(option.precision)
            spent -= (option.byteCount - (layer.options.map(\.byteCount).min() ?? 0) + unit - 1) / unit
        }
        return chosen.reversed()
    }
}
