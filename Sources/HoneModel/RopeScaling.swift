import Foundation

/// How rotary positions are stretched past the context that a model was first trained with.
public enum RopeScaling: Hashable, Sendable {
    /// All frequencies divided by one factor (Chen et al. 2023, arXiv:2306.15595, equation 4).
    case linear(factor: Double)
    /// Low frequencies divided, high ones kept, those between blended by wavelength (Llama 3.1; Grattafiori et al.
    /// 2024, arXiv:2407.21783).
    case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalLength: Double)
    case yarn(Yarn)

    /// The same by dimension instead of wavelength, and attention made sharper (Peng et al. 2023, arXiv:2309.00071,
    /// section 3.2 and equation 22).
    public struct Yarn: Hashable, Sendable {
        public var factor: Double
        public var originalLength: Double
        /// Multiplies cosines and sines; nil follows from the factor.
        public var attentionFactor: Double?
        public var betaFast = 32.0
        public var betaSlow = 1.0
        public var mscale: Double?
        public var mscaleAllDimensions: Double?
        /// Whether the ends of the ramp are whole dimensions.
        public var truncates = true
    }

    /// What cosines and sines are multiplied by.
    var attentionFactor: Double {
        guard case .yarn(let yarn) = self else { return 1 }
        if let factor = yarn.attentionFactor { return factor }
        func scale(_ mscale: Double) -> Double {
            yarn.factor <= 1 ? 1 : 0.1 * mscale * Foundation.log(yarn.factor) + 1
        }
        guard let top = yarn.mscale, let bottom = yarn.mscaleAllDimensions, top != 0, bottom != 0 else {
            return scale(1)
        }
        return scale(top) / scale(bottom)
    }

    /// Scales the frequencies of a head's pairs, the fastest first, for angles of base `theta`. In single precision, as
    /// the models were trained.
    func scaled(_ frequencies: [Float], theta: Double) -> [Float] {
        switch self {
        case .linear(let factor):
            return frequencies.map { $0 / Float(factor) }
        case .llama3(let factor, let low, let high, let length):
            return frequencies.map { frequency in
                let wavelength = 2 * Float.pi / frequency
                if wavelength < Float(length / high) { return frequency }
                if wavelength > Float(length / low) { return frequency / Float(factor) }
                let smooth = (Float(length) / wavelength - Float(low)) / Float(high - low)
                return (1 - smooth) * frequency / Float(factor) + smooth * frequency
            }
        case .yarn(let yarn):
            let kept = yarn.keptShares(pairCount: frequencies.count, theta: theta)
            return zip(frequencies, kept).map { frequency, kept in
                frequency / Float(yarn.factor) * (1 - kept) + frequency * kept
            }
        }
    }

    /// Checks the numbers; `field` names what is out of range.
    func validate() throws(ModelError) {
        func require(_ holds: Bool, _ field: String, _ value: Double) throws(ModelError) {
            guard holds, value.isFinite else {
                throw .configuration(field: "rope_parameters.\(field)", fault: "is \(value)")
            }
        }
        switch self {
        case .linear(let factor):
            try require(factor > 0, "factor", factor)
        case .llama3(let factor, let low, let high, let length):
            try require(factor > 0, "factor", factor)
            try require(low > 0, "low_freq_factor", low)
            try require(high > low, "high_freq_factor", high)
            try require(length > 0, "original_max_position_embeddings", length)
        case .yarn(let yarn):
            try require(yarn.factor > 0, "factor", yarn.factor)
            try require(yarn.originalLength > 0, "original_max_position_embeddings", yarn.originalLength)
            try require(yarn.betaFast > 0, "beta_fast", yarn.betaFast)
            try require(yarn.betaSlow > 0, "beta_slow", yarn.betaSlow)
            try require(attentionFactor > 0, "attention_factor", attentionFactor)
        }
    }
}

extension RopeScaling.Yarn {
    /// How much of each pair's own frequency is kept: 1 for fast ones, 0 for slow ones, a ramp between.
    fileprivate func keptShares(pairCount: Int, theta: Double) -> [Float] {
        let size = Double(2 * pairCount)
        func dimension(ofTurns turns: Double) -> Double {
            size * Foundation.log(originalLength / (turns * 2 * Double.pi)) / (2 * Foundation.log(theta))
        }
        var (low, high) = (dimension(ofTurns: betaFast), dimension(ofTurns: betaSlow))
        if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        (low, high) = (max(low, 0), min(high, size - 1))
        if low == high { high += 0.001 }
        return (0..<pairCount).map { pair in
            1 - min(max((Float(pair) - Float(low)) / Float(high - low), 0), 1)
        }
    }
}
