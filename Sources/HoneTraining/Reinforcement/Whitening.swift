internal import HoneTensor

/// Brings the elements that a mask marks to variance 1 and, where wanted, to mean 0.
struct Whitening: Sendable, Equatable {
    /// Whether the variance divides by n - 1 (TRL, verl) or by n (Ziegler et al. 2019, OpenRLHF).
    var isUnbiased = true
    /// Advantages lose their mean, rewards keep it.
    var shiftsMean = true
    var epsilon = 1e-8

    /// (x - mean) / √(variance + ε), plus the mean again where it is kept; 0 where the mask is 0.
    ///
    /// A single element has no variance: with the mean taken off it becomes 0.
    func callAsFunction(_ x: Tensor, mask: Tensor) -> Tensor {
        let count = mask.sum().item()
        guard count > 0 else { return x * mask }
        let mean = (x * mask).sum() / count
        let centred = (x - mean) * mask
        let divisor = isUnbiased ? max(1, count - 1) : count
        let variance = (centred * centred).sum() / divisor
        let whitened = centred * (variance + epsilon).rsqrt()
        return shiftsMean ? whitened : whitened + mean * mask
    }
}
