private let viewOperator = Operator("aten::view")
private let reshapeOperator = Operator("aten::reshape")
private let transposeOperator = Operator("aten::transpose", "int")
private let permuteOperator = Operator("aten::permute")
private let contiguousOperator = Operator("aten::contiguous")
private let cloneOperator = Operator("aten::clone")
private let unsqueezeOperator = Operator("aten::unsqueeze")
private let squeezeOperator = Operator("aten::squeeze", "dim")
private let flattenOperator = Operator("aten::flatten", "using_ints")
private let expandOperator = Operator("aten::expand")
private let repeatInterleaveOperator = Operator("aten::repeat_interleave", "self_int")
private let narrowOperator = Operator("aten::narrow")
private let selectOperator = Operator("aten::select", "int")
private let catOperator = Operator("aten::cat")
private let stackOperator = Operator("aten::stack")
private let splitOperator = Operator("aten::split_with_sizes")
private let chunkOperator = Operator("aten::chunk")
private let flipOperator = Operator("aten::flip")
private let trilOperator = Operator("aten::tril")
private let triuOperator = Operator("aten::triu")

// Views share memory with the tensor they were made from.
extension Tensor {
    /// The same memory in another shape; one length may be -1.
    public func view(_ shape: Int...) -> Tensor { viewOperator(.tensor(self), .ints(shape)) }
    public func view(_ shape: [Int]) -> Tensor { viewOperator(.tensor(self), .ints(shape)) }

    /// A view where possible, a copy otherwise; one length may be -1.
    public func reshape(_ shape: Int...) -> Tensor { reshapeOperator(.tensor(self), .ints(shape)) }
    public func reshape(_ shape: [Int]) -> Tensor { reshapeOperator(.tensor(self), .ints(shape)) }

    public func transpose(_ a: Int, _ b: Int) -> Tensor { transposeOperator(.tensor(self), .int(a), .int(b)) }
    public func permute(_ dimensions: Int...) -> Tensor { permuteOperator(.tensor(self), .ints(dimensions)) }
    public func unsqueeze(_ dimension: Int) -> Tensor { unsqueezeOperator(.tensor(self), .int(dimension)) }
    public func squeeze(_ dimension: Int) -> Tensor { squeezeOperator(.tensor(self), .int(dimension)) }

    public func flatten(from start: Int = 0, through end: Int = -1) -> Tensor {
        flattenOperator(.tensor(self), .int(start), .int(end))
    }

    /// Repeats dimensions of length 1 without copying; -1 keeps a length.
    public func expand(_ shape: Int...) -> Tensor { expandOperator(.tensor(self), .ints(shape), .bool(false)) }

    /// `length` positions of one dimension, from `start` on.
    public func narrow(_ dimension: Int, start: Int, length: Int) -> Tensor {
        narrowOperator(.tensor(self), .int(dimension), .int(start), .int(length))
    }

    /// One position of one dimension, which disappears.
    public func select(_ dimension: Int, _ index: Int) -> Tensor {
        selectOperator(.tensor(self), .int(dimension), .int(index))
    }

    /// Pieces of the given lengths along one dimension.
    public func split(_ lengths: [Int], dim: Int) -> [Tensor] {
        splitOperator.all(.tensor(self), .ints(lengths), .int(dim))
    }

    /// `count` pieces of equal length (the last may be shorter) along one dimension.
    public func chunk(_ count: Int, dim: Int) -> [Tensor] {
        chunkOperator.all(.tensor(self), .int(count), .int(dim))
    }
}

// Copies.
extension Tensor {
    /// The same elements laid out in row-major order: itself if they are.
    public func contiguous() -> Tensor { isContiguous ? self : contiguousOperator(.tensor(self)) }

    public func clone() -> Tensor { cloneOperator(.tensor(self)) }

    /// Each position of `dim` repeated `count` times in a row.
    public func repeatInterleave(_ count: Int, dim: Int) -> Tensor {
        repeatInterleaveOperator(.tensor(self), .int(count), .int(dim))
    }

    public func flip(_ dimensions: Int...) -> Tensor { flipOperator(.tensor(self), .ints(dimensions)) }

    /// The lower triangle, zero elsewhere.
    public func tril(diagonal: Int = 0) -> Tensor { trilOperator(.tensor(self), .int(diagonal)) }

    /// The upper triangle, zero elsewhere.
    public func triu(diagonal: Int = 0) -> Tensor { triuOperator(.tensor(self), .int(diagonal)) }

    /// Tensors joined along an existing dimension.
    public static func cat(_ tensors: [Tensor], dim: Int = 0) -> Tensor { catOperator(.tensors(tensors), .int(dim)) }

    /// Tensors of one shape joined along a new dimension.
    public static func stack(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        stackOperator(.tensors(tensors), .int(dim))
    }
}
