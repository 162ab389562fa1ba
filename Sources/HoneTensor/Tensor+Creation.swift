internal import CTorch

extension Tensor {
    private static let emptyOperator = Operator("aten::empty", "memory_format")
    private static let fullOperator = Operator("aten::full")
    private static let arangeOperator = Operator("aten::arange", "start_step")
    private static let eyeOperator = Operator("aten::eye")
    private static let toOperator = Operator("aten::_to_copy")
    private static let zerosLikeOperator = Operator("aten::zeros_like")
    private static let onesLikeOperator = Operator("aten::ones_like")
    private static let emptyLikeOperator = Operator("aten::empty_like")

    /// A tensor with the given elements, in row-major order.
    ///
    /// - Parameters:
    ///   - values: as many as the product of `shape`.
    ///   - shape: one dimension when left out.
    ///   - device: where the tensor shall live.
    public convenience init<Element: TensorElement>(
        _ values: [Element], shape: [Int]? = nil, device: Device = .cpu
    ) {
        let shape = shape ?? [values.count]
        precondition(shape.reduce(1, *) == values.count, "\(values.count) values for a tensor of shape \(shape)")
        let made = Tensor.empty(shape, dtype: Element.dtype)
        unsafe made.withBytes { bytes in
            unsafe values.withUnsafeBytes { source in unsafe bytes.copyMemory(from: source) }
        }
        let placed = made.to(device: device)
        unsafe self.init(owning: ctorch_tensor_retain(placed.handle))
    }

    /// A matrix from its rows.
    public convenience init<Element: TensorElement>(_ rows: [[Element]]) {
        let width = rows.first?.count ?? 0
        precondition(rows.allSatisfy { $0.count == width }, "rows of different lengths: \(rows.map(\.count))")
        self.init(Array(rows.joined()), shape: [rows.count, width])
    }

    /// A scalar, of no dimensions.
    public convenience init<Element: TensorElement>(_ value: Element) { self.init([value], shape: []) }

    /// Memory that nobody wrote yet.
    public static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        emptyOperator(.ints(shape), .dtype(dtype), .none, .device(device), .none, .none)
    }

    public static func full(
        _ shape: [Int], _ value: some TensorScalar, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        fullOperator(.ints(shape), value.argument, .dtype(dtype), .none, .device(device), .none)
    }

    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, 0, dtype: dtype, device: device)
    }

    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, 1, dtype: dtype, device: device)
    }

    /// `start`, `start + step`, … up to but without `end`.
    public static func arange(
        _ start: Int, _ end: Int, step: Int = 1, dtype: DType = .int64, device: Device = .cpu
    ) -> Tensor {
        arangeOperator(.int(start), .int(end), .int(step), .dtype(dtype), .none, .device(device), .none)
    }

    /// 0, 1, … up to but without `end`.
    public static func arange(_ end: Int, dtype: DType = .int64, device: Device = .cpu) -> Tensor {
        arange(0, end, dtype: dtype, device: device)
    }

    public static func eye(_ size: Int, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        eyeOperator(.int(size), .dtype(dtype), .none, .device(device), .none)
    }

    public func zerosLike() -> Tensor { Self.zerosLikeOperator(.tensor(self)) }
    public func onesLike() -> Tensor { Self.onesLikeOperator(.tensor(self)) }
    public func emptyLike() -> Tensor { Self.emptyLikeOperator(.tensor(self)) }

    /// This tensor with another type or on another device; itself when nothing changes.
    public func to(_ dtype: DType? = nil, device: Device? = nil) -> Tensor {
        if (dtype ?? self.dtype) == self.dtype && (device ?? self.device) == self.device { return self }
        return Self.toOperator(
            .tensor(self), .dtype(dtype), .none, device.map { .device($0) } ?? .none, .none, .bool(false), .none)
    }
}

// Reading back.
extension Tensor {
    /// The elements in row-major order, converted to `Element` where the tensor's type is another.
    public func toArray<Element: TensorElement>(_ type: Element.Type = Element.self) -> [Element] {
        let source = detach().to(Element.dtype, device: .cpu).contiguous()
        return unsafe source.withBytes { bytes in unsafe Array(bytes.bindMemory(to: Element.self)) }
    }

    /// The value of a tensor with one element.
    public func item<Element: TensorElement>(_ type: Element.Type) -> Element {
        precondition(count == 1, "item() of a tensor of shape \(shape)")
        return toArray(type)[0]
    }

    /// The value of a tensor with one element.
    public func item() -> Double { item(Double.self) }
}

extension Tensor: CustomStringConvertible {
    public var description: String {
        let limit = 64
        let kind = "shape: \(shape), dtype: \(dtype), device: \(device)"
        guard count <= limit else { return "Tensor(\(kind))" }
        let values = dtype.isFloatingPoint ? "\(toArray(Float.self))" : "\(toArray(Int.self))"
        return "Tensor(\(values), \(kind))"
    }
}
