internal import HoneTensor

/// The critic's squared error, with the new value held near the old one (the code of Schulman et al. 2017; Ziegler et
/// al. 2019).
struct ValueLoss: Sendable, Equatable {
    /// How far a value may move from the old one before moving further brings nothing; nil for no bound.
    var clip: Double?

    /// ½ max((V - R)², (V_c - R)²) with V_c = clip(V, V_old ± ε): `[B, T]`.
    func terms(values_BT: Tensor, old_BT: Tensor, returns_BT: Tensor) -> Tensor {
        let error_BT = values_BT - returns_BT
        guard let clip else { return error_BT * error_BT * 0.5 }
        let bounded_BT = Tensor.maximum(Tensor.minimum(values_BT, old_BT + clip), old_BT - clip)
        let boundedError_BT = bounded_BT - returns_BT
        return Tensor.maximum(error_BT * error_BT, boundedError_BT * boundedError_BT) * 0.5
    }
}
