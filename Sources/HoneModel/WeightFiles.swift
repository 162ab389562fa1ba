internal import Foundation
import HoneTensor

/// The weights of a Hugging Face directory, `model.safetensors` or several files with an index, checked against the
/// model's configuration by name, shape and type before one of them is read.
public struct WeightFiles {
    private let files: [SafetensorsFile]
    /// Which file holds a tensor, of those that the model has.
    private let owners: [String: Int]
    /// The files' names, that of an index with them.
    public let fileNames: [String]

    /// - Throws: `ModelError.file`, naming the tensor at fault, or `TensorError.badFile`.
    public init(directory: String, for configuration: ModelConfiguration) throws {
        try self.init(Listing(directory: directory), for: configuration)
    }

    /// The weights that one file holds, by whatever name.
    init(path: String, for configuration: ModelConfiguration) throws {
        try self.init(Listing(paths: [path], index: nil), for: configuration)
    }

    private init(_ listing: Listing, for configuration: ModelConfiguration) throws {
        files = try listing.paths.map { try SafetensorsFile($0) }
        var owners: [String: Int] = [:]
        for (index, file) in files.enumerated() {
            for name in file.names where !configuration.isDerived(name) {
                if let other = owners.updateValue(index, forKey: name) {
                    throw ModelError.file(
                        path: listing.paths[index], fault: "holds '\(name)', which \(listing.paths[other]) holds too")
                }
            }
        }
        self.owners = owners
        fileNames = (listing.paths + [listing.index].compactMap(\.self)).map { URL(filePath: $0).lastPathComponent }
        try check(configuration, listing)
    }

    private func check(_ configuration: ModelConfiguration, _ listing: Listing) throws {
        let expected = configuration.tensorShapes
        let place = listing.index ?? listing.paths[0]
        for name in expected.keys.sorted() where owners[name] == nil {
            throw ModelError.file(path: place, fault: "lacks the tensor '\(name)' that config.json describes")
        }
        for (name, owner) in owners.sorted(by: { $0.key < $1.key }) {
            let path = listing.paths[owner]
            guard let shape = expected[name] else {
                throw ModelError.file(path: path, fault: "holds '\(name)', which is no tensor of this model")
            }
            guard let found = files[owner].shape(of: name), found == shape else {
                let found = files[owner].shape(of: name) ?? []
                throw ModelError.file(
                    path: path, fault: "'\(name)' has the shape \(found), and config.json describes \(shape)")
            }
            guard let dtype = files[owner].dtype(of: name), dtype.isFloatingPoint else {
                let found = files[owner].typeName(of: name) ?? "unknown"
                throw ModelError.file(
                    path: path, fault: "'\(name)' has the type \(found); Hone reads F32, F16, BF16 and F64")
            }
        }
    }

    /// Copies every weight into the model; with `borrowing`, float32 matrices stay where they are in the file, which
    /// must not change as long as the model lives.
    func fill(_ model: CausalLanguageModel, borrowing: Bool) throws {
        for parameter in model.namedParameters {
            if borrowing, parameter.pieces.isEmpty, file(parameter.name).dtype(of: parameter.name) == .float32 {
                parameter.tensor.adopt(try file(parameter.name).view(parameter.name))
                continue
            }
            for (name, target) in parameter.saved {
                let source = try file(name).view(name)
                _ = noGrad { target.copyInPlace(source) }
            }
        }
    }

    private func file(_ name: String) -> SafetensorsFile {
        guard let owner = owners[name] else { preconditionFailure("'\(name)' was not checked") }
        return files[owner]
    }

    /// Writes the model's tensors into one file, in the types that they have. Memory does not grow with them.
    public func join(to path: String) throws {
        try Safetensors.join(files, keeping: { owners[$0] != nil }, metadata: ["format": "pt"], to: path)
    }
}

/// Which files a directory's weights are in.
private struct Listing {
    let paths: [String]
    /// The index, if there is one.
    let index: String?

    private struct Index: Decodable {
        let weightMap: [String: String]

        enum CodingKeys: String, CodingKey {
            case weightMap = "weight_map"
        }
    }
}

extension Listing {
    init(directory: String) throws {
        let index = directory + "/model.safetensors.index.json"
        guard FileManager.default.fileExists(atPath: index) else {
            let path = directory + "/model.safetensors"
            guard FileManager.default.fileExists(atPath: path) else {
                throw ModelError.file(
                    path: path, fault: "is missing; weights in another form than safetensors are not read")
            }
            self.index = nil
            paths = [path]
            return
        }
        let names = Set(try readJSON(Index.self, index).weightMap.values).sorted()
        for name in names where name.contains("/") {
            throw ModelError.file(path: index, fault: "names '\(name)', which is outside its directory")
        }
        guard !names.isEmpty else { throw ModelError.file(path: index, fault: "names no file") }
        self.index = index
        paths = names.map { directory + "/" + $0 }
        for path in paths where !FileManager.default.fileExists(atPath: path) {
            throw ModelError.file(path: path, fault: "is missing, and the index names it")
        }
    }
}

extension ModelConfiguration {
    /// Tensors that some files carry though they follow from the others.
    fileprivate func isDerived(_ name: String) -> Bool {
        name.hasSuffix(".rotary_emb.inv_freq") || (tiesEmbeddings && name == "lm_head.weight")
    }

    /// Name and shape of every tensor that a file of this model holds.
    fileprivate var tensorShapes: [String: [Int]] {
        var shapes = ["model.embed_tokens.weight": [vocabularySize, hiddenSize], "model.norm.weight": [hiddenSize]]
        if !tiesEmbeddings { shapes["lm_head.weight"] = [vocabularySize, hiddenSize] }
        let (queries, keys) = (headCount * headSize, kvHeadCount * headSize)
        let matrices = [
            ("self_attn.q_proj", queries, hiddenSize, attentionBias),
            ("self_attn.k_proj", keys, hiddenSize, attentionBias),
            ("self_attn.v_proj", keys, hiddenSize, attentionBias),
            ("self_attn.o_proj", hiddenSize, queries, attentionOutputBias),
            ("mlp.gate_proj", intermediateSize, hiddenSize, feedForwardBias),
            ("mlp.up_proj", intermediateSize, hiddenSize, feedForwardBias),
            ("mlp.down_proj", hiddenSize, intermediateSize, feedForwardBias),
        ]
        var norms = [("input_layernorm", hiddenSize), ("post_attention_layernorm", hiddenSize)]
        if hasHeadNorms { norms += [("self_attn.q_norm", headSize), ("self_attn.k_norm", headSize)] }
        for layer in 0..<layerCount {
            let path = "model.layers.\(layer)."
            for (name, outputs, inputs, bias) in matrices {
                shapes[path + name + ".weight"] = [outputs, inputs]
                if bias { shapes[path + name + ".bias"] = [outputs] }
            }
            for (name, size) in norms { shapes[path + name + ".weight"] = [size] }
            for (name, shape) in blockBranchShapes(ofLayer: layer) { shapes[path + name] = shape }
        }
        return shapes
    }
}
