private let addTensor = Operator("aten::add", "Tensor")
private let subTensor = Operator("aten::sub", "Tensor")
private let mulTensor = Operator("aten::mul", "Tensor")
private let divTensor = Operator("aten::div", "Tensor")
private let addScalar = Operator("aten::add", "Scalar")
private let subScalar = Operator("aten::sub", "Scalar")
private let mulScalar = Operator("aten::mul", "Scalar")
private let divScalar = Operator("aten::div", "Scalar")
private let rsubScalar = Operator("aten::rsub", "Scalar")
private let negOperator = Operator("aten::neg")
private let reciprocalOperator = Operator("aten::reciprocal")

// Element by element, with broadcasting.
extension Tensor {
    public static func + (a: Tensor, b: Tensor) -> Tensor { addTensor(.tensor(a), .tensor(b)) }
    public static func - (a: Tensor, b: Tensor) -> Tensor { subTensor(.tensor(a), .tensor(b)) }
    public static func * (a: Tensor, b: Tensor) -> Tensor { mulTensor(.tensor(a), .tensor(b)) }
    public static func / (a: Tensor, b: Tensor) -> Tensor { divTensor(.tensor(a), .tensor(b)) }
    public static prefix func - (a: Tensor) -> Tensor { negOperator(.tensor(a)) }

    public static func + (a: Tensor, b: some TensorScalar) -> Tensor { addScalar(.tensor(a), b.argument) }
    public static func - (a: Tensor, b: some TensorScalar) -> Tensor { subScalar(.tensor(a), b.argument) }
    public static func * (a: Tensor, b: some TensorScalar) -> Tensor { mulScalar(.tensor(a), b.argument) }
    public static func / (a: Tensor, b: some TensorScalar) -> Tensor { divScalar(.tensor(a), b.argument) }

    public static func + (a: some TensorScalar, b: Tensor) -> Tensor { b + a }
    public static func - (a: some TensorScalar, b: Tensor) -> Tensor { rsubScalar(.tensor(b), a.argument) }
    public static func * (a: some TensorScalar, b: Tensor) -> Tensor { b * a }
    public static func / (a: some TensorScalar, b: Tensor) -> Tensor { reciprocalOperator(.tensor(b)) * a }
}

private let eqTensor = Operator("aten::eq", "Tensor")
private let neTensor = Operator("aten::ne", "Tensor")
private let ltTensor = Operator("aten::lt", "Tensor")
private let leTensor = Operator("aten::le", "Tensor")
private let gtTensor = Operator("aten::gt", "Tensor")
private let geTensor = Operator("aten::ge", "Tensor")
private let eqScalar = Operator("aten::eq", "Scalar")
private let neScalar = Operator("aten::ne", "Scalar")
private let ltScalar = Operator("aten::lt", "Scalar")
private let leScalar = Operator("aten::le", "Scalar")
private let gtScalar = Operator("aten::gt", "Scalar")
private let geScalar = Operator("aten::ge", "Scalar")
private let logicalAnd = Operator("aten::logical_and")
private let logicalOr = Operator("aten::logical_or")
private let logicalNot = Operator("aten::logical_not")

// Comparisons give tensors of `.bool`; the dot tells them from comparisons of Swift values, as with SIMD types.
extension Tensor {
    public static func .== (a: Tensor, b: Tensor) -> Tensor { eqTensor(.tensor(a), .tensor(b)) }
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { neTensor(.tensor(a), .tensor(b)) }
    public static func .< (a: Tensor, b: Tensor) -> Tensor { ltTensor(.tensor(a), .tensor(b)) }
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { leTensor(.tensor(a), .tensor(b)) }
    public static func .> (a: Tensor, b: Tensor) -> Tensor { gtTensor(.tensor(a), .tensor(b)) }
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { geTensor(.tensor(a), .tensor(b)) }

    public static func .== (a: Tensor, b: some TensorScalar) -> Tensor { eqScalar(.tensor(a), b.argument) }
    public static func .!= (a: Tensor, b: some TensorScalar) -> Tensor { neScalar(.tensor(a), b.argument) }
    public static func .< (a: Tensor, b: some TensorScalar) -> Tensor { ltScalar(.tensor(a), b.argument) }
    public static func .<= (a: Tensor, b: some TensorScalar) -> Tensor { leScalar(.tensor(a), b.argument) }
    public static func .> (a: Tensor, b: some TensorScalar) -> Tensor { gtScalar(.tensor(a), b.argument) }
    public static func .>= (a: Tensor, b: some TensorScalar) -> Tensor { geScalar(.tensor(a), b.argument) }

    public static func .& (a: Tensor, b: Tensor) -> Tensor { logicalAnd(.tensor(a), .tensor(b)) }
    public static func .| (a: Tensor, b: Tensor) -> Tensor { logicalOr(.tensor(a), .tensor(b)) }
    public static prefix func .! (a: Tensor) -> Tensor { logicalNot(.tensor(a)) }
}

private let addInPlaceTensor = Operator("aten::add_", "Tensor")
private let mulInPlaceTensor = Operator("aten::mul_", "Tensor")
private let mulInPlaceScalar = Operator("aten::mul_", "Scalar")
private let addInPlaceScalar = Operator("aten::add_", "Scalar")
private let copyOperator = Operator("aten::copy_")
private let fillOperator = Operator("aten::fill_", "Scalar")
private let zeroOperator = Operator("aten::zero_")

extension Tensor {
    /// Adds `other * alpha` to this tensor.
    @discardableResult
    public func addInPlace(_ other: Tensor, alpha: Double = 1) -> Tensor {
        addInPlaceTensor(.tensor(self), .tensor(other), .real(alpha))
    }

    @discardableResult
    public func addInPlace(_ other: some TensorScalar) -> Tensor {
        addInPlaceScalar(.tensor(self), other.argument)
    }

    @discardableResult
    public func multiplyInPlace(_ other: Tensor) -> Tensor { mulInPlaceTensor(.tensor(self), .tensor(other)) }

    @discardableResult
    public func multiplyInPlace(_ other: some TensorScalar) -> Tensor {
        mulInPlaceScalar(.tensor(self), other.argument)
    }

    /// Overwrites the elements with those of `source`, broadcast and converted as needed.
    @discardableResult
    public func copyInPlace(_ source: Tensor) -> Tensor { copyOperator(.tensor(self), .tensor(source)) }

    @discardableResult
    public func fillInPlace(_ value: some TensorScalar) -> Tensor { fillOperator(.tensor(self), value.argument) }

    @discardableResult
    public func zeroInPlace() -> Tensor { zeroOperator(.tensor(self)) }
}
