/// The type of a tensor's elements. The raw value is libtorch's own code.
public enum DType: Int, Sendable, CaseIterable {
    case uint8 = 0
    case int8 = 1
    case int32 = 3
    case int64 = 4
    case float16 = 5
    case float32 = 6
    case float64 = 7
    case bool = 11
    case bfloat16 = 15

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }

    /// Whether gradients can flow through tensors of this type.
    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        case .uint8, .int8, .int32, .int64, .bool: false
        }
    }
}

/// A Swift type whose memory layout is that of a tensor's elements.
public protocol TensorElement: BitwiseCopyable, Sendable {
    static var dtype: DType { get }
}

extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Double: TensorElement { public static var dtype: DType { .float64 } }
extension Int: TensorElement { public static var dtype: DType { .int64 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension Int8: TensorElement { public static var dtype: DType { .int8 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension Bool: TensorElement { public static var dtype: DType { .bool } }

/// Where a tensor lives.
public struct Device: Hashable, Sendable {
    /// The kinds of device that libtorch knows and Hone uses; the raw value is libtorch's own code.
    public enum Kind: Int, Sendable {
        case cpu = 0
        case cuda = 1
    }

    public let kind: Kind
    public let index: Int

    public static let cpu = Device(kind: .cpu, index: 0)

    public static func cuda(_ index: Int = 0) -> Device { Device(kind: .cuda, index: index) }

    var code: Int64 { Int64(kind.rawValue << 8 | index) }

    init(code: Int64) {
        guard let kind = Kind(rawValue: Int(code >> 8)) else {
            stop("libtorch placed a tensor on device type \(code >> 8), which Hone does not use")
        }
        self.init(kind: kind, index: Int(code & 0xff))
    }

    private init(kind: Kind, index: Int) {
        self.kind = kind
        self.index = index
    }
}

extension Device: CustomStringConvertible {
    public var description: String { kind == .cpu ? "cpu" : "cuda:\(index)" }
}
