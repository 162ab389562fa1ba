internal import Foundation
public import HoneTensor

/// A network whose last layer is read as numbers: rewards, values, or the two classes of a step.
///
/// Shape suffixes: C hidden size, N places, K numbers at a place.
public struct ScoringModel: Module {
    /// What the numbers mean.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// One number for an answer, read at its last token.
        case reward
        /// What a critic expects from a token on.
        case value
        /// Wrong and right, read where a step ends.
        case step

        /// The path of the head's parameters, and the name of its file beside the model's.
        public var path: String { rawValue + "_head" }
        public var outputCount: Int { self == .step ? 2 : 1 }
    }

    public let kind: Kind
    public let backbone: CausalLanguageModel
    /// `[K, C]` and a bias.
    public let head: Linear

    /// A fresh head on `backbone`, which it shares: zero for values; for the others normal with deviation 1/√(C + 1)
    /// and no bias (Ziegler et al. 2019, arXiv:1909.08593, section 2.1 and its code).
    public init(_ kind: Kind, on backbone: CausalLanguageModel, generator: Generator) {
        let size = backbone.configuration.hiddenSize
        let deviation = kind == .value ? 0 : 1 / Double(size + 1).squareRoot()
        self.init(
            kind, on: backbone,
            head: Linear(size, kind.outputCount, standardDeviation: deviation, generator: generator))
    }

    init(_ kind: Kind, on backbone: CausalLanguageModel, head: Linear) {
        self.kind = kind
        self.backbone = backbone
        self.head = head
    }

    public func visit(_ visitor: ParameterVisitor) {
        backbone.visit(visitor)
        visitor.module(kind.path, head)
    }

    /// The numbers at places of a line: `[N]`, or `[N, K]` where K is not 1.
    public func scores(_ line: TokenLine, at places_N: Tensor) -> Tensor {
        let scores_NK = head(backbone.hiddenStates(line, at: places_N))
        return kind.outputCount == 1 ? scores_NK.squeeze(1) : scores_NK
    }

    /// Multiplies what the head says, and adds to the last of its numbers, for good.
    public func scaleHead(by factor: Double, shiftingLastBy shift: Double) {
        noGrad {
            head.weight.copyInPlace(head.weight * factor)
            guard let bias = head.bias else { return }
            let shifts = Tensor((0..<kind.outputCount).map { Float($0 == kind.outputCount - 1 ? shift : 0) })
            bias.copyInPlace(bias * factor + shifts)
        }
    }

    /// A critic that starts with what this reward model knows, sharing nothing with it: its values are
    /// `scale` (reward + `shift`).
    public func makeCritic(scaledBy scale: Double = 1, shiftedBy shift: Double = 0) throws(TensorError) -> ScoringModel
    {
        precondition(kind == .reward, "a critic starts from a reward model, not from a '\(kind.rawValue)' one")
        let bias = head.bias ?? Tensor.zeros([1])
        let weights = [head.weight * scale, (bias + shift) * scale].map { $0.detach().clone().requiringGrad() }
        return ScoringModel(.value, on: try backbone.copy(), head: Linear(weight: weights[0], bias: weights[1]))
    }
}

// Directories: a Hugging Face model and the head's file beside it.
extension ScoringModel {
    public func save(directory: String) throws {
        try backbone.save(directory: directory)
        var state: [String: Tensor] = [:]
        for (name, tensor) in head.stateDictionary() { state["\(kind.path).\(name)"] = tensor }
        try Safetensors.write(state, metadata: ["format": "pt"], to: Self.headFile(kind, directory))
    }

    public static func load(_ kind: Kind, directory: String) throws -> ScoringModel {
        let file = headFile(kind, directory)
        guard FileManager.default.fileExists(atPath: file) else {
            throw ModelError.file(path: file, fault: "is missing, so this is no \(kind.rawValue) model")
        }
        let backbone = try CausalLanguageModel.load(directory: directory)
        let made = ScoringModel(kind, on: backbone, generator: Generator(seed: 0))
        var state: [String: Tensor] = [:]
        for (name, tensor) in try Safetensors.read(file) {
            let isOwn = name.hasPrefix(kind.path + ".")
            state[isOwn ? String(name.dropFirst(kind.path.count + 1)) : name] = tensor
        }
        try made.head.load(state)
        return made
    }

    /// A model whose whole state, backbone and head, is one file.
    public static func load(_ kind: Kind, shape: ModelConfiguration, file: String) throws -> ScoringModel {
        let backbone = CausalLanguageModel(unfilled: shape, device: .cpu)
        let made = ScoringModel(kind, on: backbone, generator: Generator(seed: 0))
        try made.load(Safetensors.read(file))
        return made
    }

    private static func headFile(_ kind: Kind, _ directory: String) -> String {
        "\(directory)/\(kind.path).safetensors"
    }
}
