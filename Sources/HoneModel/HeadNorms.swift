import HoneTensor

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

    /// The joint projection `[N, (heads + 2 · kvHeads) · size]` with its queries and keys normalized.
    func callAsFunction(_ qkv: Tensor, headCount: Int, kvHeadCount: Int) -> Tensor {
        let parts = qkv.view(qkv.size(0), headCount + 2 * kvHeadCount, query.weight.size(0))
            .split([headCount, kvHeadCount, kvHeadCount], dim: 1)
        return Tensor.cat([query(parts[0]), key(parts[1]), parts[2]], dim: 1).view(qkv.size(0), qkv.size(1))
    }
}
