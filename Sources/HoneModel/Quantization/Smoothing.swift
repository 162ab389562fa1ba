import HoneTensor

/// Moves what makes activations hard to round into the weights, which leaves the results as they are: every input of a
/// linear layer is divided by a factor, its column of the weight multiplied by it, and the division is done by what is
/// before the layer (Xiao et al. 2022, SmoothQuant, arXiv:2211.10438, equations 3 and 4).
///
/// Before the joint projections stands a norm; before the attention's output the values' rows; before the second
/// product of the feed-forward block the up projection's rows; before an output layer of its own the last norm.
struct Smoothing {
    /// α of the equation that are tried; 0 is no smoothing.
    static let strengths = [0.25, 0.5, 0.75]
    /// Which share of a column's magnitudes counts as their greatest: a percentile leaves single outliers to be cut
    /// off.
    static let shares = [1.0, 0.99]
    /// Rows of activations that candidates are compared on.
    static let rowLimit = 512

    /// `[inputs]`
    let factors: Tensor
    let strength: Double

    /// The factors that leave the least squared error of a layer's output in whole numbers; nil where none are better
    /// than nothing.
    ///
    /// - Parameters:
    ///   - input: `[rows, inputs]`
    ///   - weight: `[outputs, inputs]`
    ///   - precision: of the weight
    ///   - shared: where several inputs must have one factor, as heads that share their values: `[shared, groups,
    ///     size]`
    init?(_ input: Tensor, _ weight: Tensor, _ precision: QuantizedValues.Precision, shared: [Int]? = nil) {
        let x = Self.sample(input)
        let exact = x.matmul(weight.transpose(0, 1))
        func error(_ factors: Tensor?) -> Double {
            let values = QuantizedValues(nearest: factors.map { weight * $0 } ?? weight, precision: precision)
            return (PackedMatrix(values)(factors.map { x / $0 } ?? x) - exact).pow(2).sum().item()
        }
        let magnitudes = x.abs().sort(dim: 0).values
        let ofWeight = weight.abs().max(dim: 0).clamp(min: 1e-5)
        var best: (error: Double, factors: Tensor, strength: Double)?
        for share in Self.shares {
            let row = Int((Double(x.size(0) - 1) * share).rounded())
            let ofInput = magnitudes.select(0, row).clamp(min: 1e-5)
            for strength in Self.strengths {
                var factors = ofInput.pow(strength) / ofWeight.pow(1 - strength)
                factors = factors / factors.log().mean().exp()
                factors = factors.clamp(min: 1e-3, max: 1e3)
                if let shared { factors = Self.joined(factors, shared) }
                let found = error(factors)
                if found < best?.error ?? .infinity { best = (found, factors, strength) }
            }
        }
        // What is not clearly better is left out: it was chosen on few rows.
        guard let best, best.error < 0.97 * error(nil) else { return nil }
        factors = best.factors
        strength = best.strength
    }

    private static func sample(_ input: Tensor) -> Tensor {
        let count = input.size(0)
        guard count > rowLimit else { return input }
        return input.indexSelect(0, Tensor((0..<rowLimit).map { $0 * count / rowLimit }))
    }

    /// The greatest factor of those that must be one.
    private static func joined(_ factors: Tensor, _ shape: [Int]) -> Tensor {
        let view = factors.view(shape)
        return view.max(dim: 1, keepDim: true).expand(shape[0], shape[1], shape[2]).reshape(-1)
    }
}

extension CausalLanguageModel {
    /// Folds factors, by the paths of the layers that they make smooth, into the weights. The results stay what they
    /// are.
    func fold(_ smoothing: [String: Smoothing]) {
        noGrad {
            for (number, layer) in layers.enumerated() {
                let path = "model.layers.\(number)"
                if let found = smoothing[path + ".self_attn.qkv_proj"] {
                    Self.fold(found.factors, layer.inputNorm, layer.attention.qkv)
                }
                if let found = smoothing[path + ".mlp.gate_up_proj"] {
                    Self.fold(found.factors, layer.postNorm, layer.feedForward.gateUp)
                }
                if let found = smoothing[path + ".self_attn.o_proj"] {
                    layer.attention.output.weight.multiplyInPlace(found.factors)
                    let (heads, size) = (configuration.kvHeadCount, configuration.headSize)
                    let ofValues = found.factors.view(heads, -1, size).select(1, 0).reshape(-1)
                    Self.divideLastRows(of: layer.attention.qkv, by: ofValues)
                }
                if let found = smoothing[path + ".mlp.down_proj"] {
                    layer.feedForward.down.weight.multiplyInPlace(found.factors)
                    Self.divideLastRows(of: layer.feedForward.gateUp, by: found.factors)
                }
            }
            if let head, let found = smoothing["lm_head"] { Self.fold(found.factors, norm, head) }
        }
    }

    private static func fold(_ factors: Tensor, _ norm: RMSNorm, _ linear: Linear) {
        norm.weight.copyInPlace(norm.weight / factors)
        linear.weight.multiplyInPlace(factors)
    }

    private static func divideLastRows(of linear: Linear, by factors: Tensor) {
        let count = factors.count
        let rows = linear.weight.narrow(0, start: linear.weight.size(0) - count, length: count)
        rows.copyInPlace(rows / factors.unsqueeze(1))
        guard let bias = linear.bias else { return }
        let last = bias.narrow(0, start: bias.size(0) - count, length: count)
        last.copyInPlace(last / factors)
    }
}
