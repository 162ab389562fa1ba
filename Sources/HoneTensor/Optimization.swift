#if canImport(Glibc)
    private import Glibc
#else
    private import Darwin
#endif

private let foreachNorm = Operator("aten::_foreach_norm", "Scalar")
private let foreachScale = Operator("aten::_foreach_mul_", "Scalar")

/// Scales the gradients down, all by one factor, so that their joint Euclidean norm is at most `maxNorm`.
///
/// - Returns: the norm before.
@discardableResult
public func clipGradNorm(_ parameters: [Tensor], maxNorm: Double) -> Double {
    let gradients = parameters.compactMap(\.grad)
    guard !gradients.isEmpty else { return 0 }
    return noGrad {
        let norms = foreachNorm.all(.tensors(gradients), .real(2))
        let norm = Tensor.stack(norms).norm().item()
        // As in PyTorch; 1e-6 keeps the quotient finite.
        let factor = maxNorm / (norm + 1e-6)
        if factor < 1 { _ = foreachScale.all(.tensors(gradients), .real(factor)) }
        return norm
    }
}

/// The learning rate as a function of the step: up from zero along a line, then constant or down along a cosine.
public struct LearningRateSchedule: Codable, Hashable, Sendable {
    /// The highest rate.
    public var peak: Double
    /// Steps of the line up from zero.
    public var warmupSteps: Int
    /// Where the cosine ends; nil keeps the rate constant.
    public var totalSteps: Int?
    /// The rate at and after the end, as a fraction of the peak.
    public var finalFraction: Double

    public static func constant(_ rate: Double, warmupSteps: Int = 0) -> LearningRateSchedule {
        LearningRateSchedule(peak: rate, warmupSteps: warmupSteps, totalSteps: nil, finalFraction: 1)
    }

    /// Loshchilov and Hutter 2017, arXiv:1608.03983, equation 5, with one period.
    public static func cosine(
        peak: Double, warmupSteps: Int, totalSteps: Int, finalFraction: Double = 0
    ) -> LearningRateSchedule {
        precondition(totalSteps >= warmupSteps, "\(warmupSteps) warm-up steps of \(totalSteps)")
        return LearningRateSchedule(
            peak: peak, warmupSteps: warmupSteps, totalSteps: totalSteps, finalFraction: finalFraction)
    }

    /// The rate of a step, counted from 0: the first warm-up step already learns.
    public func rate(at step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps) }
        guard let totalSteps else { return peak }
        let progress = min(1, Double(step - warmupSteps) / Double(max(1, totalSteps - warmupSteps)))
        return peak * (finalFraction + (1 - finalFraction) * (1 + cos(.pi * progress)) / 2)
    }
}
