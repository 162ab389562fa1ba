import Foundation
import HoneModel
import HoneTensor
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A forward and backward pass over one long sequence, in a process of its own, so that its peak of memory is its own.
struct AttentionMeasurement: Codable {
    /// What is computed.
    enum Part: String, Codable, CaseIterable {
        /// The attention of one layer with its projections, of a model of 5 M parameters: 256 wide, 8 heads.
        case layer
        /// That model, six layers, with the loss of every token.
        case model
    }

    enum Kind: String, Codable, CaseIterable {
        case full, sliding, hierarchical
        /// Full attention by libtorch's fused kernel in the place of ours, between the same projections.
        case libtorch
    }

    var part: Part
    var kind: Kind
    var length: Int
    var window: Int
    var block: Int
    var threads: Int
    var runs: Int

    struct Finding: Codable {
        let seconds: [Double]
        /// What memory grew by, at most.
        let mebibytes: Double
    }

    private var attention: AttentionKind {
        switch kind {
        case .full, .libtorch: .full
        case .sliding: .sliding(window: window)
        case .hierarchical: .hierarchical(window: window, block: block, selected: 0)
        }
    }

    private var configuration: ModelConfiguration {
        var shape = ModelSize.small.configuration
        shape.layerCount = part == .layer ? 1 : shape.layerCount
        shape.maxPositionCount = length
        shape.attention = [AttentionKind](repeating: attention, count: shape.layerCount)
        return shape
    }

    /// Measures in this process.
    func run() throws -> Finding {
        Threads.set(intraOp: threads)
        let model = CausalLanguageModel(configuration, generator: Generator(seed: 1))
        model.prepare(tokenCount: length)
        let x_NC = Tensor.randn([length, configuration.hiddenSize], generator: Generator(seed: 2)).requiringGrad()
        let ids = (0...length).map { Int32(($0 * 7919 + 17) % configuration.vocabularySize) }
        let before = try ResidentMemory.now()
        let seconds = (0..<runs).map { _ in
            let start = ContinuousClock.now
            switch part {
            case .layer:
                let y_NC =
                    kind == .libtorch
                    ? byLibtorch(model, x_NC)
                    : model.attention(
                        ofLayer: 0, x_NC, lengths: [length])
                y_NC.sum().backward()
            case .model:
                let logits_NV = model.logits(model.hiddenStates(TokenLine([ids.dropLast()])))
                logits_NV.crossEntropy(Tensor(ids.dropFirst().map(Int.init))).backward()
            }
            x_NC.grad = nil
            for parameter in model.parameters { parameter.grad = nil }
            return (ContinuousClock.now - start) / .seconds(1)
        }
        return Finding(seconds: seconds, mebibytes: try ResidentMemory.peak() - before)
    }

    /// The same without rotary positions, which it is given for nothing.
    private func byLibtorch(_ model: CausalLanguageModel, _ x_NC: Tensor) -> Tensor {
        let state = Dictionary(uniqueKeysWithValues: model.namedParameters.map { ($0.name, $0.tensor) })
        guard let qkv = state["model.layers.0.self_attn.qkv_proj.weight"],
            let output = state["model.layers.0.self_attn.o_proj.weight"]
        else { preconditionFailure("a model without projections") }
        let heads = configuration.headCount
        let parts_HND = x_NC.linear(qkv).view(1, length, 3 * heads, -1).transpose(1, 2).chunk(3, dim: 1)
        let mixed_NC = Tensor.scaledDotProductAttention(parts_HND[0], parts_HND[1], parts_HND[2], isCausal: true)
            .transpose(1, 2).reshape(length, configuration.hiddenSize)
        return mixed_NC.linear(output)
    }

    /// Measures in a process of its own.
    func measured() async throws -> Finding {
        let own = String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
        let run = try await Subprocess.run(
            .path("/proc/self/exe"), arguments: ["attention", "--one", own],
            output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
        guard run.terminationStatus.isSuccess, let line = run.standardOutput.split(separator: "\n").last else {
            throw AttentionFault(text: "\(part) \(kind) \(length): \(run.standardError)")
        }
        return try JSONDecoder().decode(Finding.self, from: Data(line.utf8))
    }
}

struct AttentionFault: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}
