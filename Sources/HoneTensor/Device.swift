internal import CTorch

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

extension Device {
    /// A device by its name: `cpu`, `cuda` or `cuda:1`; nil for what names none.
    public init?(name: String) {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts.first, parts.count > 1 ? Int(parts[1]) : 0) {
        case ("cpu", _) where parts.count == 1: self = .cpu
        case ("cuda", let index?) where parts.count < 3 && (0..<256).contains(index): self = .cuda(index)
        default: return nil
        }
    }

    /// Opens the device, so that what it computes first does not wait for it.
    ///
    /// - Returns: its maker's name
    /// - Throws: `TensorError.libtorch` where it cannot be used, with the reason
    public func open() throws(TensorError) -> String {
        guard let name = unsafe ctorch_device_name(code) else {
            throw .libtorch(operation: "device \(self)", message: Torch.lastError)
        }
        return unsafe String(cString: name)
    }

    /// What a CUDA device can do at most, measured: bytes that it reads from its memory a second, and multiplications
    /// with additions in a precision.
    ///
    /// - Throws: `TensorError.libtorch` where it cannot be used, with the reason
    public func limits(
        _ precision: LayerPrecision
    ) throws(TensorError) -> (bytesPerSecond: Double, productsPerSecond: Double) {
        var limits = (bytesPerSecond: 0.0, productsPerSecond: 0.0)
        guard
            unsafe ctorch_device_limits(
                code, Int32(precision.rawValue), &limits.bytesPerSecond, &limits.productsPerSecond)
        else { throw .libtorch(operation: "device \(self)", message: Torch.lastError) }
        return limits
    }
}

extension Device: CustomStringConvertible {
    public var description: String { kind == .cpu ? "cpu" : "cuda:\(index)" }
}
