private let bernoulliOperator = Operator("aten::bernoulli", "p")

/// Zeroes elements at random and scales the others up, so that the mean stays (Srivastava et al. 2014, JMLR 15,
/// section 4, in the inverted form).
public struct Dropout {
    /// Share of the elements that become zero, in 0..<1.
    public let rate: Double
    /// Decides which; kept with a checkpoint, it makes a resumed run draw the same.
    public let generator: Generator

    public init(rate: Double, generator: Generator) {
        precondition((0..<1).contains(rate), "a dropout rate of \(rate)")
        self.rate = rate
        self.generator = generator
    }
}

extension Tensor {
    /// This tensor with elements zeroed; unchanged where there is no dropout.
    public func thinned(by dropout: Dropout?) -> Tensor {
        guard let dropout else { return self }
        let keptShare = 1 - dropout.rate
        let kept = noGrad {
            bernoulliOperator(.tensor(self), .real(keptShare), .optional(dropout.generator))
                .multiplyInPlace(1 / keptShare)
        }
        return self * kept
    }
}
