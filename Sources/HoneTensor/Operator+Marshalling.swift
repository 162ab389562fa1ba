internal import CTorch

/// Lays `arguments` out as C values for the length of `body`. Lists are copied into one scratch area behind them.
func withValues<Result>(
    _ arguments: [Argument], _ body: (UnsafeMutableBufferPointer<ctorch_value>) -> Result
) -> Result {
    let wordCount = arguments.reduce(0) { $0 + $1.wordCount }
    return withExtendedLifetime(arguments) {
        unsafe withUnsafeTemporaryAllocation(of: ctorch_value.self, capacity: arguments.count) { values in
            unsafe withUnsafeTemporaryAllocation(of: UInt.self, capacity: wordCount) { words in
                var scratch = unsafe Scratch(words: words)
                for (i, argument) in arguments.enumerated() {
                    unsafe values.initializeElement(at: i, to: scratch.value(of: argument))
                }
                return unsafe body(values)
            }
        }
    }
}

extension Argument {
    /// Machine words that the argument's list takes in the scratch area.
    fileprivate var wordCount: Int {
        switch self {
        case .ints(let items): items.count
        case .reals(let items): items.count
        case .tensors(let items): items.count
        case .optionalTensors(let items): items.count
        case .string(let text): (text.utf8.count + 7) / 8
        case .none, .tensor, .int, .real, .bool, .device, .generator: 0
        }
    }
}

/// Writes lists one behind the other.
@unsafe private struct Scratch {
    let words: UnsafeMutableBufferPointer<UInt>
    var used = 0

    init(words: UnsafeMutableBufferPointer<UInt>) { unsafe self.words = words }

    mutating func value(of argument: Argument) -> ctorch_value {
        var value = unsafe ctorch_value()
        switch argument {
        case .none: unsafe value.kind = CTORCH_NONE
        case .tensor(let tensor): unsafe set(&value, CTORCH_TENSOR, handle: tensor.handle)
        case .generator(let generator): unsafe set(&value, CTORCH_GENERATOR, handle: generator.handle)
        case .int(let number): unsafe set(&value, CTORCH_INTEGER, integer: Int64(number))
        case .bool(let flag): unsafe set(&value, CTORCH_BOOLEAN, integer: flag ? 1 : 0)
        case .device(let device): unsafe set(&value, CTORCH_DEVICE, integer: device.code)
        case .real(let number):
            unsafe value.kind = CTORCH_REAL
            unsafe value.real = number
        case .ints(let items):
            unsafe set(&value, CTORCH_INTEGERS, list: items.lazy.map { UInt(bitPattern: $0) })
        case .reals(let items):
            unsafe set(&value, CTORCH_REALS, list: items.lazy.map { UInt($0.bitPattern) })
        case .tensors(let items):
            unsafe set(&value, CTORCH_TENSORS, list: items.lazy.map { unsafe UInt(bitPattern: $0.handle) })
        case .optionalTensors(let items):
            unsafe set(&value, CTORCH_OPTIONAL_TENSORS, list: items.lazy.map { unsafe UInt(bitPattern: $0?.handle) })
        case .string(let text): unsafe set(&value, text: text)
        }
        return unsafe value
    }

    private func set(_ value: inout ctorch_value, _ kind: ctorch_kind, handle: OpaquePointer) {
        unsafe value.kind = kind
        unsafe value.handle = UnsafeMutableRawPointer(handle)
    }

    private func set(_ value: inout ctorch_value, _ kind: ctorch_kind, integer: Int64) {
        unsafe value.kind = kind
        unsafe value.integer = integer
    }

    private mutating func set(_ value: inout ctorch_value, _ kind: ctorch_kind, list: some Collection<UInt>) {
        unsafe value.kind = kind
        unsafe value.count = Int32(list.count)
        guard let base = unsafe words.baseAddress, !list.isEmpty else { return }
        unsafe value.items = UnsafeRawPointer(base + used)
        for word in list {
            unsafe words.initializeElement(at: used, to: word)
            unsafe used += 1
        }
    }

    private mutating func set(_ value: inout ctorch_value, text: String) {
        let byteCount = text.utf8.count
        unsafe value.kind = CTORCH_STRING
        unsafe value.count = Int32(byteCount)
        guard let base = unsafe words.baseAddress, byteCount > 0 else { return }
        let bytes = unsafe UnsafeMutableRawBufferPointer(start: base + used, count: byteCount)
        unsafe bytes.copyBytes(from: text.utf8)
        unsafe value.items = UnsafeRawPointer(base + used)
        unsafe used += (byteCount + 7) / 8
    }
}
