private let sliceOperator = Operator("aten::slice", "Tensor")
private let indexOperator = Operator("aten::index", "Tensor")
private let indexPutOperator = Operator("aten::index_put_")
private let indexSelectOperator = Operator("aten::index_select")
private let gatherOperator = Operator("aten::gather")
private let scatterOperator = Operator("aten::scatter", "src")
private let indexCopyInPlaceOperator = Operator("aten::index_copy_")
private let maskedFillOperator = Operator("aten::masked_fill", "Scalar")
private let whereOperator = Operator("aten::where", "self")

/// What can stand between the brackets of `tensor[…]`: a number, a range, a tensor of positions or a mask, `.all`,
/// `.newAxis`, `.ellipsis`.
public protocol TensorIndex {
    var tensorIndex: IndexTerm { get }
}

/// One dimension's part of an index.
public enum IndexTerm: TensorIndex {
    case position(Int)
    /// From `start` up to but without `end`; negative numbers count from the end, nil means the border.
    case range(start: Int?, end: Int?, step: Int = 1)
    case positions(Tensor)
    /// A new dimension of length 1.
    case inserted
    /// As many whole dimensions as the other terms leave.
    case remaining

    public var tensorIndex: IndexTerm { self }
}

extension TensorIndex where Self == IndexTerm {
    public static var all: IndexTerm { IndexTerm.range(start: nil, end: nil) }
    public static var newAxis: IndexTerm { IndexTerm.inserted }
    public static var ellipsis: IndexTerm { IndexTerm.remaining }
}

extension Int: TensorIndex { public var tensorIndex: IndexTerm { .position(self) } }
extension Tensor: TensorIndex { public var tensorIndex: IndexTerm { .positions(self) } }
extension Range<Int>: TensorIndex {
    public var tensorIndex: IndexTerm { .range(start: lowerBound, end: upperBound) }
}
extension ClosedRange<Int>: TensorIndex {
    public var tensorIndex: IndexTerm { .range(start: lowerBound, end: upperBound + 1) }
}
extension PartialRangeFrom<Int>: TensorIndex {
    public var tensorIndex: IndexTerm { .range(start: lowerBound, end: nil) }
}
extension PartialRangeUpTo<Int>: TensorIndex {
    public var tensorIndex: IndexTerm { .range(start: nil, end: upperBound) }
}

extension Tensor {
    /// NumPy's indexing: `x[0]`, `x[.all, 1..<3]`, `x[.ellipsis, -1]`, `x[mask]`, `x[rows, columns]`.
    ///
    /// Numbers and ranges give views; tensors of positions and masks give copies. Assignment writes through.
    public subscript(_ a: some TensorIndex) -> Tensor {
        get { read([a.tensorIndex]) }
        set { write([a.tensorIndex], newValue) }
    }

    public subscript(_ a: some TensorIndex, _ b: some TensorIndex) -> Tensor {
        get { read([a.tensorIndex, b.tensorIndex]) }
        set { write([a.tensorIndex, b.tensorIndex], newValue) }
    }

    public subscript(_ a: some TensorIndex, _ b: some TensorIndex, _ c: some TensorIndex) -> Tensor {
        get { read([a.tensorIndex, b.tensorIndex, c.tensorIndex]) }
        set { write([a.tensorIndex, b.tensorIndex, c.tensorIndex], newValue) }
    }

    public subscript(
        _ a: some TensorIndex, _ b: some TensorIndex, _ c: some TensorIndex, _ d: some TensorIndex
    ) -> Tensor {
        get { read([a.tensorIndex, b.tensorIndex, c.tensorIndex, d.tensorIndex]) }
        set { write([a.tensorIndex, b.tensorIndex, c.tensorIndex, d.tensorIndex], newValue) }
    }

    private func read(_ terms: [IndexTerm]) -> Tensor {
        let (view, positions) = resolve(terms)
        if positions.allSatisfy({ $0 == nil }) { return view }
        return indexOperator(.tensor(view), .optionalTensors(positions))
    }

    private func write(_ terms: [IndexTerm], _ value: Tensor) {
        let (view, positions) = resolve(terms)
        if positions.allSatisfy({ $0 == nil }) {
            view.copyInPlace(value)
        } else {
            indexPutOperator(.tensor(view), .optionalTensors(positions), .tensor(value))
        }
    }

    /// Applies numbers and ranges as views and collects the tensors of positions, which stand for the view's dimensions
    /// in turn; a mask stands for as many as it has.
    private func resolve(_ terms: [IndexTerm]) -> (view: Tensor, positions: [Tensor?]) {
        var view = self
        var positions: [Tensor?] = []
        var dimension = 0
        for (i, term) in terms.enumerated() {
            var kept = 1
            switch term {
            case .position(let index):
                view = view.select(dimension, index)
                continue
            case .range(nil, nil, 1): break
            case .range(let start, let end, let step):
                view = view.slice(dimension, start: start, end: end, step: step)
            case .positions(let tensor):
                positions.append(tensor)
                dimension += term.consumedDimensions
                continue
            case .inserted: view = view.unsqueeze(dimension)
            case .remaining: kept = view.dim - dimension - terms[(i + 1)...].reduce(0) { $0 + $1.consumedDimensions }
            }
            positions += Array(repeating: nil, count: kept)
            dimension += kept
        }
        return (view, positions)
    }

    /// Every `step`-th position of one dimension from `start` up to but without `end`.
    public func slice(_ dimension: Int, start: Int? = nil, end: Int? = nil, step: Int = 1) -> Tensor {
        sliceOperator(
            .tensor(self), .int(dimension), start.map { .int($0) } ?? .none, end.map { .int($0) } ?? .none, .int(step))
    }

    /// The given positions of one dimension.
    public func indexSelect(_ dimension: Int, _ index: Tensor) -> Tensor {
        indexSelectOperator(.tensor(self), .int(dimension), .tensor(index))
    }

    /// `out[i][j] = self[i][index[i][j]]` for `dim` 1, and so on.
    public func gather(_ dimension: Int, index: Tensor) -> Tensor {
        gatherOperator(.tensor(self), .int(dimension), .tensor(index))
    }

    /// A copy with `source` written where `index` says, the inverse of `gather`.
    public func scatter(_ dimension: Int, index: Tensor, source: Tensor) -> Tensor {
        scatterOperator(.tensor(self), .int(dimension), .tensor(index), .tensor(source))
    }

    /// Writes the slices of `source` at the given positions of one dimension.
    @discardableResult
    public func indexCopyInPlace(_ dimension: Int, index: Tensor, source: Tensor) -> Tensor {
        indexCopyInPlaceOperator(.tensor(self), .int(dimension), .tensor(index), .tensor(source))
    }

    /// A copy with `value` where `mask` is true.
    public func maskedFill(_ mask: Tensor, _ value: some TensorScalar) -> Tensor {
        maskedFillOperator(.tensor(self), .tensor(mask), value.argument)
    }

    /// Elements of `a` where `condition` is true, of `b` elsewhere.
    public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
        whereOperator(.tensor(condition), .tensor(a), .tensor(b))
    }
}

extension IndexTerm {
    fileprivate var consumedDimensions: Int {
        switch self {
        case .position, .range: 1
        case .positions(let tensor): tensor.dtype == .bool ? tensor.dim : 1
        case .inserted, .remaining: 0
        }
    }
}
