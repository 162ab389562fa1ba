internal import CTorch

private let detachOperator = Operator("aten::detach")

extension Tensor {
    /// Whether operations on this tensor are recorded for `backward`. Only a leaf's can be changed.
    public var requiresGrad: Bool {
        get { unsafe ctorch_tensor_requires_grad(handle) }
        set {
            let done = unsafe ctorch_tensor_set_requires_grad(handle, newValue)
            precondition(done, "requiresGrad = \(newValue): \(Torch.lastError)")
        }
    }

    /// Sets `requiresGrad` and returns the tensor: `Tensor.zeros([3]).requiringGrad()`.
    public func requiringGrad(_ value: Bool = true) -> Tensor {
        requiresGrad = value
        return self
    }

    /// The gradient that `backward` added up here; nil before, and after it was set to nil.
    public var grad: Tensor? {
        get {
            let found = unsafe ctorch_tensor_grad(handle)
            return unsafe found.map { unsafe Tensor(owning: $0) }
        }
        set { unsafe ctorch_tensor_set_grad(handle, newValue?.handle) }
    }

    /// Computes the gradients of this tensor with respect to every leaf that requires one and adds them to `grad`.
    ///
    /// - Parameters:
    ///   - gradient: the gradient with respect to this tensor; may be left out for a scalar
    ///   - retainGraph: keeps what a second `backward` through the same operations needs
    public func backward(gradient: Tensor? = nil, retainGraph: Bool = false) {
        let done = unsafe ctorch_backward(handle, gradient?.handle, retainGraph)
        if !done { stop("backward: \(Torch.lastError)") }
    }

    /// The same memory, cut off from the graph.
    public func detach() -> Tensor { detachOperator(.tensor(self)) }
}

/// Runs `body` without recording gradients.
public func noGrad<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    try withGrad(enabled: false, body)
}

/// Runs `body` with the recording of gradients switched on or off, on this thread.
public func withGrad<Result, Failure: Error>(
    enabled: Bool, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let before = ctorch_grad_enabled()
    ctorch_set_grad_enabled(enabled)
    defer { ctorch_set_grad_enabled(before) }
    return try body()
}

/// Whether operations on this thread are recorded.
public var isGradEnabled: Bool { ctorch_grad_enabled() }

/// Runs `body` without gradients and without the bookkeeping that would allow them later: the fastest mode.
/// Tensors made inside can never take part in a recorded computation.
public func inferenceMode<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let guardHandle = unsafe ctorch_inference_begin()
    defer { unsafe ctorch_inference_end(guardHandle) }
    return try body()
}

extension Tensor {
    /// Says that the contents changed, where an operator wrote them without saying so.
    func bumpVersion() { unsafe ctorch_tensor_bump_version(handle) }
}
