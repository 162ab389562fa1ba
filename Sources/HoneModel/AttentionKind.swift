import HoneTensor

/// What the tokens of a layer look at.
public enum AttentionKind: Hashable, Sendable {
    /// Themselves and every token before them.
    case full
    /// Themselves and the `window` - 1 tokens before them (Beltagy et al. 2020, arXiv:2004.05150, section 3.1).
    case sliding(window: Int)

    var window: Int? {
        switch self {
        case .full: nil
        case .sliding(let window): window
        }
    }

    /// 0 where a token may look, -inf elsewhere; nil where the causal mask alone says it.
    func mask(tokenCount: Int, device: Device) -> Tensor? {
        guard let window, window < tokenCount else { return nil }
        let places = Tensor.arange(tokenCount, device: device)
        let own = places.unsqueeze(1)
        let hidden = (places .> own) .| (places .<= own - window)
        return Tensor.zeros([tokenCount, tokenCount], device: device).maskedFill(hidden, -Double.infinity)
    }
}

/// Norms of each head's queries and keys before they are turned by their positions (Henry et al. 2020,
/// arXiv:2010.04245, with a root mean square in the place of the length, as Qwen3 has it).
struct HeadNorms: Module {
    let query: RMSNorm
    let key: RMSNorm

    init(_ headSize: Int, eps: Double, device: Device) {
        query = RMSNorm(headSize, eps: eps, device: device)
        key = RMSNorm(headSize, eps: eps, device: device)
    }

    func visit(_ visitor: ParameterVisitor) {
        visitor.module("q_norm", query)
        visitor.module("k_norm", key)
    }

    /// The joint projection `[B, T, (heads + 2 · kvHeads) · size]` with its queries and keys normalized.
    func callAsFunction(_ qkv: Tensor, headCount: Int, kvHeadCount: Int) -> Tensor {
        let (b, t) = (qkv.size(0), qkv.size(1))
        let parts = qkv.view(b, t, headCount + 2 * kvHeadCount, query.weight.size(0))
            .split([headCount, kvHeadCount, kvHeadCount], dim: 2)
        return Tensor.cat([query(parts[0]), key(parts[1]), parts[2]], dim: 2).view(b, t, qkv.size(2))
    }
}
