internal import CTorch

/// A decoder-only transformer over packed matrices, whose step over new tokens of many sequences is one call.
///
/// A row is one token of one sequence. What it computes has the same bits whatever rows are beside it, with any number
/// of threads, and however its sequence is cut into steps; at float32 also the bits of the same layers one by one,
/// where ``Torch/computesTokensAlike`` holds.
///
/// It keeps memory between steps, so it is used from one thread at a time, as tensors are; hence `Sendable`.
@safe public final class PackedNetwork: @unchecked Sendable {
    /// One layer: norms `[hidden]`, norms of single heads `[headSize]` where there are some, and four matrices.
    public struct Layer: Sendable {
        public let inputNorm: Tensor
        public let postNorm: Tensor
        public let headNorms: (query: Tensor, key: Tensor)?
        public let qkv: PackedMatrix
        public let output: PackedMatrix
        public let gateUp: PackedMatrix
        public let down: PackedMatrix
        /// A token looks at itself and so many less one before it; nil is all of them.
        public let window: Int?

        public init(
            inputNorm: Tensor, postNorm: Tensor, headNorms: (query: Tensor, key: Tensor)?, qkv: PackedMatrix,
            output: PackedMatrix, gateUp: PackedMatrix, down: PackedMatrix, window: Int?
        ) {
            self.inputNorm = inputNorm
            self.postNorm = postNorm
            self.headNorms = headNorms
            self.qkv = qkv
            self.output = output
            self.gateUp = gateUp
            self.down = down
            self.window = window
        }
    }

    /// Heads of queries, and of keys and values.
    public struct Heads: Sendable, Equatable {
        public let queryCount: Int
        public let keyCount: Int
        public let size: Int

        public init(queryCount: Int, keyCount: Int, size: Int) {
            self.queryCount = queryCount
            self.keyCount = keyCount
            self.size = size
        }
    }

    private let handle: ctorch_network
    private let vocabularySize: Int
    private let hiddenSize: Int
    /// Where steps are computed.
    public let device: Device

    /// - Parameters:
    ///   - embedding: `[vocabulary, hidden]`, float32
    ///   - layers: at least one
    ///   - norm: the one behind the last layer, `[hidden]`
    ///   - head: the output layer, from `[hidden]` to `[vocabulary]`
    ///   - heads: of every layer
    ///   - eps: what all norms add to the mean square
    public init(embedding: Tensor, layers: [Layer], norm: Tensor, head: PackedMatrix, heads: Heads, eps: Double) {
        let described = unsafe layers.map { layer in
            unsafe ctorch_layer(
                input_norm: layer.inputNorm.handle, post_norm: layer.postNorm.handle,
                query_norm: layer.headNorms?.query.handle, key_norm: layer.headNorms?.key.handle,
                qkv: layer.qkv.handle, output: layer.output.handle, gate_up: layer.gateUp.handle,
                down: layer.down.handle, window: Int64(layer.window ?? 0))
        }
        let innerSize = layers.first?.down.inputs ?? 0
        let made = unsafe described.withUnsafeBufferPointer { buffer -> ctorch_network? in
            guard let first = buffer.baseAddress else { return nil }
            var parts = unsafe ctorch_network_parts(
                heads: Int64(heads.queryCount), kv_heads: Int64(heads.keyCount), head_size: Int64(heads.size),
                inner_size: Int64(innerSize), eps: eps, embedding: embedding.handle, norm: norm.handle,
                head: head.handle, layers: first,
                layer_count: Int64(buffer.count))
            return unsafe ctorch_network_create(&parts)
        }
        withExtendedLifetime(layers) {}
        guard let made = unsafe made else { stop("PackedNetwork: \(Torch.lastError)") }
        unsafe handle = made
        vocabularySize = head.outputs
        hiddenSize = head.inputs
        device = .cpu
    }

    private init(_ handle: ctorch_network, like other: PackedNetwork, on device: Device) {
        unsafe self.handle = unsafe handle
        vocabularySize = other.vocabularySize
        hiddenSize = other.hiddenSize
        self.device = device
    }

    /// The same network on another device, with copies of its weights.
    ///
    /// - Parameters:
    ///   - device: a CUDA device
    ///   - reserve: bytes that must be left there, for keys and values
    /// - Returns: what computes there
    /// - Throws: `TensorError.libtorch` where there is no such device, or it has no room, or does not compute heads of
    ///   this size
    public func on(_ device: Device, reserving reserve: Int = 0) throws(TensorError) -> PackedNetwork {
        guard let moved = unsafe ctorch_network_on(handle, device.code, Int64(reserve)) else {
            throw .libtorch(operation: "a model on \(device)", message: Torch.lastError)
        }
        return unsafe PackedNetwork(moved, like: self, on: device)
    }

    deinit { unsafe ctorch_network_release(handle) }

    /// Reads the step's tokens, which leave their keys and values in their pages.
    ///
    /// - Parameters:
    ///   - step: new tokens of some sequences
    ///   - pages: where the sequences' keys and values are
    ///   - cos: cosines of the angles of positions, as far as the longest sequence, `[positions, size / 2]`
    ///   - sin: sines, as `cos`
    /// - Returns: logits of the rows that are read, `[read, vocabulary]`
    public func callAsFunction(_ step: NetworkStep, pages: KeyValuePages, cos: Tensor, sin: Tensor) -> Tensor {
        let logits = Tensor.empty([step.read.count, vocabularySize])
        let done = unsafe step.withParts(cos, sin) { parts in
            unsafe ctorch_network_step(handle, pages.handle, &parts, logits.handle)
        }
        guard done else { stop("a network's step: \(Torch.lastError)") }
        return logits
    }

    /// The same, where the logits stay on the device that computes them until somebody asks.
    public func step(_ step: NetworkStep, pages: KeyValuePages, cos: Tensor, sin: Tensor) -> StepLogits {
        if device == .cpu { return StepLogits(self(step, pages: pages, cos: cos, sin: sin)) }
        let done = unsafe step.withParts(cos, sin) { parts in
            unsafe ctorch_network_step(handle, pages.handle, &parts, nil)
        }
        guard done else { stop("a network's step: \(Torch.lastError)") }
        return StepLogits(of: self)
    }

    /// Logits of rows that the last step read and left on the device, `[rows, vocabulary]`.
    func logits(ofRead rows: [Int32]) -> Tensor {
        let logits = Tensor.empty([rows.count, vocabularySize])
        guard unsafe ctorch_network_logits(handle, rows, Int64(rows.count), logits.handle) else {
            stop("a step's logits: \(Torch.lastError)")
        }
        return logits
    }

    /// The likeliest tokens of rows that the last step read and left on the device.
    func likeliest(ofRead rows: [Int32]) -> [TokenPick] {
        var picks = [ctorch_pick](repeating: ctorch_pick(), count: rows.count)
        guard unsafe ctorch_network_likeliest(handle, rows, Int64(rows.count), &picks) else {
            stop("a step's likeliest tokens: \(Torch.lastError)")
        }
        return picks.map { TokenPick(token: $0.token, logProb: $0.log_prob, drawnLogProb: $0.drawn_log_prob) }
    }

    /// Reads the step's tokens by the layers before `layer` alone: the first half of a step. What they make of every
    /// token stays in its page, which takes room for it the first time.
    public func begin(_ step: NetworkStep, before layer: Int, pages: KeyValuePages, cos: Tensor, sin: Tensor) {
        let done = unsafe step.withParts(cos, sin) { parts in
            unsafe ctorch_network_begin(handle, pages.handle, &parts, Int64(layer))
        }
        guard done else { stop("the first half of a network's step: \(Torch.lastError)") }
    }

    /// What ``begin(_:before:pages:cos:sin:)`` left of a step's tokens, now or before, `[tokens, hidden]`.
    public func hidden(_ step: NetworkStep, pages: KeyValuePages, cos: Tensor, sin: Tensor) -> Tensor {
        let hidden_NC = Tensor.empty([step.tokenCount, hiddenSize])
        let done = unsafe step.withParts(cos, sin) { parts in
            unsafe ctorch_pages_hidden(pages.handle, &parts, hidden_NC.handle)
        }
        guard done else { stop("the first half of a network's step: \(Torch.lastError)") }
        return hidden_NC
    }

    /// Reads the step's tokens from one of the layers on, with the bits that a whole step has.
    ///
    /// - Parameters:
    ///   - step: tokens that the layers before `layer` have begun, in one step or in several
    ///   - layer: the first one that computes
    ///   - pages: as for a whole step
    ///   - cos: as for a whole step
    ///   - sin: as for a whole step
    /// - Returns: logits of the rows that are read, `[read, vocabulary]`
    public func finish(
        _ step: NetworkStep, atLayer layer: Int, pages: KeyValuePages, cos: Tensor, sin: Tensor
    ) -> Tensor {
        let logits = Tensor.empty([step.read.count, vocabularySize])
        let done = unsafe step.withParts(cos, sin) { parts in
            unsafe ctorch_network_finish(handle, pages.handle, &parts, Int64(layer), logits.handle)
        }
        guard done else { stop("the second half of a network's step: \(Torch.lastError)") }
        return logits
    }
}

/// New tokens of some sequences, one sequence behind the other.
public struct NetworkStep: Sendable {
    fileprivate(set) var tokens: [Int32] = []
    fileprivate(set) var lengths: [Int32] = []
    fileprivate(set) var pasts: [Int32] = []
    private var tables: [[Int32]] = []
    fileprivate(set) var read: [Int32] = []

    public init() {}

    /// Tokens of all sequences.
    public var tokenCount: Int { tokens.count }

    /// Of the tokens, those whose logits are wanted.
    public var readCount: Int { read.count }

    /// Adds new tokens of a sequence.
    ///
    /// - Parameters:
    ///   - new: at least one
    ///   - past: how many tokens it has in its pages
    ///   - pages: the numbers of its pages, with room for the new tokens
    ///   - isRead: whether the logits behind its last token are wanted
    ///   - draftCount: so many of the last ones may turn out others, so that the logits before each are wanted too
    public mutating func add(
        _ new: some Collection<Int32>, past: Int, pages: [Int32], isRead: Bool, draftCount: Int = 0
    ) {
        precondition(!new.isEmpty, "no new tokens")
        precondition(past + new.count <= pages.count * KeyValuePages.tokenCount, "too few pages")
        tokens += new
        lengths.append(Int32(new.count))
        pasts.append(Int32(past))
        tables.append(pages)
        if isRead { read += (tokens.count - 1 - draftCount..<tokens.count).map(Int32.init) }
    }

    fileprivate func withParts(_ cos: Tensor, _ sin: Tensor, _ body: (inout ctorch_step) -> Bool) -> Bool {
        unsafe tokens.withUnsafeBufferPointer { tokens in
            unsafe lengths.withUnsafeBufferPointer { lengths in
                unsafe pasts.withUnsafeBufferPointer { pasts in
                    unsafe flatTables.withUnsafeBufferPointer { tables in
                        unsafe read.withUnsafeBufferPointer { read in
                            var parts = unsafe ctorch_step(
                                tokens: tokens.baseAddress.unsafelyUnwrapped,
                                lengths: lengths.baseAddress.unsafelyUnwrapped,
                                pasts: pasts.baseAddress.unsafelyUnwrapped,
                                tables: tables.baseAddress.unsafelyUnwrapped,
                                table_step: Int64(tableStep), sequence_count: Int64(lengths.count),
                                read: read.baseAddress ?? tokens.baseAddress.unsafelyUnwrapped,
                                read_count: Int64(read.count), cosines: cos.handle, sines: sin.handle)
                            return unsafe body(&parts)
                        }
                    }
                }
            }
        }
    }

    fileprivate var tableStep: Int { tables.map(\.count).max() ?? 0 }

    fileprivate var flatTables: [Int32] {
        let step = tableStep
        return tables.flatMap { $0 + [Int32](repeating: 0, count: step - $0.count) }
    }
}

/// Memory for keys and values of sequences, in pages of 16 tokens that belong to nobody.
@safe public final class KeyValuePages: @unchecked Sendable {
    /// Tokens of a page.
    public static let tokenCount = 16

    let handle: ctorch_pages
    public let count: Int

    /// How keys and values are kept.
    public enum Entry: String, Sendable, CaseIterable, Codable {
        case float32
        /// Whole numbers of 8 bits, with a scale for every key and every value.
        case int8
    }

    /// Room for `count` pages of a network's layers, where the network is; on the CPU memory is taken when it is first
    /// written to.
    public init(
        layerCount: Int, heads: PackedNetwork.Heads, count: Int, entry: Entry = .float32, device: Device = .cpu
    ) {
        let made = unsafe ctorch_pages_create(
            Int64(layerCount), Int64(heads.keyCount), Int64(heads.size), Int64(count), entry == .int8, device.code)
        guard let made = unsafe made else { stop("KeyValuePages: \(Torch.lastError)") }
        unsafe handle = made
        self.count = count
    }

    deinit { unsafe ctorch_pages_release(handle) }

    /// Bytes of one page.
    public static func byteCount(layerCount: Int, heads: PackedNetwork.Heads, entry: Entry = .float32) -> Int {
        Int(ctorch_page_byte_count(Int64(layerCount), Int64(heads.keyCount), Int64(heads.size), entry == .int8))
    }

    /// Pages that so many tokens of a sequence take.
    public static func count(forTokens count: Int) -> Int { (count + tokenCount - 1) / tokenCount }

    public func copy(from source: Int32, to target: Int32) {
        guard unsafe ctorch_pages_copy(handle, source, target) else { stop("a page's copy: \(Torch.lastError)") }
    }
}
