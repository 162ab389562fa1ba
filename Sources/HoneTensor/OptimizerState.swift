/// Copies `state` into an optimizer's `own` tensors; nothing is changed unless all of it fits.
func restore(_ own: [String: Tensor], from state: [String: Tensor]) throws(TensorError) {
    for (name, tensor) in own.sorted(by: { $0.key < $1.key }) {
        guard let source = state[name] else { throw .stateMismatch(name: name, fault: "is missing") }
        guard source.shape == tensor.shape else {
            throw .stateMismatch(name: name, fault: "has shape \(source.shape), not \(tensor.shape)")
        }
    }
    if let extra = state.keys.sorted().first(where: { own[$0] == nil }) {
        throw .stateMismatch(name: extra, fault: "belongs to no parameter of this optimizer")
    }
    noGrad {
        for (name, tensor) in own {
            if let source = state[name] { tensor.copyInPlace(source) }
        }
    }
}
