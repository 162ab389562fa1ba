internal import CTorch

/// The safetensors format: an 8-byte length, a JSON header, then the tensors' bytes.
/// See <https://github.com/huggingface/safetensors#format>.
public enum Safetensors {
    /// The longest header that is read, as in the reference implementation.
    static let headerLimit = 100_000_000

    /// Reads all tensors of a file.
    public static func read(_ path: String) throws(TensorError) -> [String: Tensor] {
        let file = try SafetensorsFile(path)
        var tensors: [String: Tensor] = [:]
        for name in file.names { tensors[name] = try file.tensor(name) }
        return tensors
    }

    /// Writes a file whole or not at all: to a new file beside it, flushed to the disk, then renamed.
    ///
    /// - Parameters:
    ///   - tensors: the same tensors and metadata give the same bytes
    ///   - metadata: kept under `__metadata__`
    ///   - path: replaced if it exists
    /// - Throws: `cannotWrite` with the system's reason.
    public static func write(
        _ tensors: [String: Tensor], metadata: [String: String] = [:], to path: String
    ) throws(TensorError) {
        try AtomicFile.write(path) { file throws(TensorError) in
            try unsafe encode(tensors, metadata) { bytes throws(TensorError) in try unsafe file.write(bytes) }
        }
    }

    /// The bytes of a file, for who keeps it in another way.
    ///
    /// - Parameters:
    ///   - tensors: the same tensors and metadata give the same bytes
    ///   - metadata: kept under `__metadata__`
    ///   - sink: takes the next bytes, a mebibyte at most
    /// - Throws: what the sink throws.
    public static func encode<Failure>(
        _ tensors: [String: Tensor], metadata: [String: String] = [:],
        into sink: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        try unsafe encode(tensors, metadata) { bytes throws(Failure) in
            for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
                try sink(unsafe ArraySlice(bytes[start..<min(start + 1 << 20, bytes.count)]))
            }
        }
    }

    private static func encode<Failure>(
        _ tensors: [String: Tensor], _ metadata: [String: String],
        into sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        // Wide types first, so that every tensor starts at a multiple of its element's size.
        let ordered = tensors.sorted {
            ($1.value.dtype.byteCount, $0.key) < ($0.value.dtype.byteCount, $1.key)
        }
        let header = SafetensorsHeader.encode(
            ordered.map { ($0.key, SafetensorsHeader.ElementType($0.value.dtype), $0.value.shape) }, metadata: metadata)
        try unsafe header.withUnsafeBufferPointer { bytes throws(Failure) in
            try unsafe sink(UnsafeRawBufferPointer(bytes))
        }
        for (_, tensor) in ordered {
            let source = tensor.detach().to(device: .cpu).contiguous()
            try unsafe source.withBytes { bytes throws(Failure) in
                try unsafe sink(UnsafeRawBufferPointer(bytes))
            }
        }
    }

    /// Writes tensors of several files into one, byte for byte, whole or not at all.
    ///
    /// - Parameters:
    ///   - files: no two hold a tensor of the same name that is kept
    ///   - isKept: by name
    ///   - metadata: kept under `__metadata__`
    ///   - path: replaced if it exists
    /// - Throws: `cannotWrite` with the system's reason.
    public static func join(
        _ files: [SafetensorsFile], keeping isKept: (String) -> Bool, metadata: [String: String] = [:],
        to path: String
    ) throws(TensorError) {
        let parts = files.flatMap { file in file.parts.filter { isKept($0.name) } }.sorted {
            ($1.type.byteCount, $0.name) < ($0.type.byteCount, $1.name)
        }
        let header = SafetensorsHeader.encode(parts.map { ($0.name, $0.type, $0.shape) }, metadata: metadata)
        try AtomicFile.write(path) { file throws(TensorError) in
            try file.write(header)
            for part in parts { try unsafe file.write(part.bytes()) }
        }
    }
}

/// A safetensors file, mapped into memory: opening checks the whole header and reads no tensor.
public final class SafetensorsFile {
    /// Names in the order of the file's bytes.
    public let names: [String]
    public let metadata: [String: String]
    private let path: String
    private let map: MappedFile
    private let entries: [String: SafetensorsHeader.Entry]
    private let dataStart: Int

    public init(_ path: String) throws(TensorError) {
        let map = try MappedFile(path)
        let (header, dataStart) = try Self.header(of: map, path: path)
        self.path = path
        self.map = map
        self.dataStart = dataStart
        metadata = header.metadata
        names = header.entries.sorted { ($0.value.start, $0.key) < ($1.value.start, $1.key) }.map(\.key)
        entries = header.entries
    }

    public func shape(of name: String) -> [Int]? { entries[name]?.shape }

    /// Nil where Hone has no such type.
    public func dtype(of name: String) -> DType? { entries[name]?.type.dtype }

    /// The type as the format names it.
    public func typeName(of name: String) -> String? { entries[name]?.type.rawValue }

    /// One tensor as it lies in the file.
    struct Part {
        let name: String
        let type: SafetensorsHeader.ElementType
        let shape: [Int]
        fileprivate let range: Range<Int>
        fileprivate let map: MappedFile

        func bytes() -> UnsafeRawBufferPointer { unsafe map.bytes(range) }
    }

    var parts: [Part] {
        entries.map { name, entry in
            Part(
                name: name, type: entry.type, shape: entry.shape,
                range: dataStart + entry.start..<dataStart + entry.end, map: map)
        }
    }

    /// A copy of one tensor.
    public func tensor(_ name: String) throws(TensorError) -> Tensor {
        let (type, shape, source) = try unsafe content(name)
        let tensor = Tensor.empty(shape, dtype: type)
        unsafe tensor.withBytes { bytes in unsafe bytes.copyMemory(from: source) }
        return tensor
    }

    /// One tensor where it lies in the file, which is mapped as long as the tensor lives and must not change; a copy,
    /// where it begins at no multiple of its element's size. What is written to the tensor stays in this process.
    public func view(_ name: String) throws(TensorError) -> Tensor {
        let (type, shape, bytes) = try unsafe content(name)
        guard let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress), unsafe !bytes.isEmpty,
            UInt(bitPattern: start).isMultiple(of: UInt(type.byteCount))
        else { return try tensor(name) }
        let sizes = shape.map(Int64.init)
        let made = unsafe sizes.withUnsafeBufferPointer { sizes in
            unsafe ctorch_tensor_over(
                start, sizes.baseAddress ?? UnsafePointer(bitPattern: 8).unsafelyUnwrapped, Int32(sizes.count),
                Int32(type.rawValue), Unmanaged.passRetained(map).toOpaque()
            ) { owner in
                if let owner = unsafe owner { unsafe Unmanaged<MappedFile>.fromOpaque(owner).release() }
            }
        }
        return unsafe Tensor(kernel: "a view of a file", made)
    }

    private func content(
        _ name: String
    ) throws(TensorError) -> (type: DType, shape: [Int], bytes: UnsafeRawBufferPointer) {
        guard let entry = entries[name] else { throw .badFile(path: path, fault: "it holds no tensor '\(name)'") }
        guard let dtype = entry.type.dtype else {
            throw .badFile(path: path, fault: "tensor '\(name)' has type \(entry.type.rawValue), which Hone cannot use")
        }
        return unsafe (dtype, entry.shape, map.bytes(dataStart + entry.start..<dataStart + entry.end))
    }

    private static func header(
        of map: MappedFile, path: String
    ) throws(TensorError) -> (SafetensorsHeader, dataStart: Int) {
        guard map.count >= 8 else {
            throw .badFile(path: path, fault: "\(map.count) bytes, shorter than its first field")
        }
        let length = unsafe UInt64(littleEndian: map.bytes(0..<8).loadUnaligned(as: UInt64.self))
        guard length <= Safetensors.headerLimit else {
            throw .badFile(
                path: path, fault: "a header of \(length) bytes is over the limit of \(Safetensors.headerLimit)")
        }
        let dataStart = 8 + Int(length)
        guard dataStart <= map.count else {
            throw .badFile(path: path, fault: "its header needs \(dataStart) bytes, the file has \(map.count)")
        }
        do throws(SafetensorsHeader.Fault) {
            let text = unsafe Array(map.bytes(8..<dataStart))
            return (try SafetensorsHeader(parsing: text, dataByteCount: map.count - dataStart), dataStart)
        } catch {
            throw .badFile(path: path, fault: error.description)
        }
    }
}
