import FileDamage
import Foundation
import HoneModel
import HoneTensor
import Testing

/// Directories as a failed download, a wrong script or a stranger leaves them.
@Suite struct DamagedDirectoryTests {
    private typealias Weights = [String: Tensor]

    /// A copy of a sharded model's directory for `body` to damage.
    private func withCopy<Result>(_ name: String = "llama-3", _ body: (String) throws -> Result) throws -> Result {
        let source = try ModelFixture(name, in: "imported").directory
        return try withTemporaryFolder { folder in
            try FileManager.default.copyItem(atPath: source, toPath: folder + "/copy")
            return try body(folder + "/copy")
        }
    }

    private func fault(loading folder: String) -> String {
        do {
            _ = try CausalLanguageModel.load(directory: folder)
            return "it was loaded"
        } catch {
            return "\(error)"
        }
    }

    @Test func `a tensor that is missing, not the model's, misshapen, doubled or no float is named with its file`()
        throws
    {
        let path = "model.layers.1.mlp.up_proj.weight"
        let changes: [(words: String, change: (inout Weights) -> Void)] = [
            ("lacks the tensor '\(path)'", { $0[path] = nil }),
            ("'extra.weight', which is no tensor of this model", { $0["extra.weight"] = Tensor([Float(1)]) }),
            (
                "'\(path)' has the shape [2, 3], and config.json describes [24, 16]",
                { $0[path] = Tensor.zeros([2, 3]) }
            ),
            ("'\(path)' has the type I64", { $0[path] = $0[path]?.to(.int64) }),
            ("holds 'model.norm.weight', which", { $0["model.norm.weight"] = Tensor.zeros([16]) }),
        ]
        for (words, change) in changes {
            try withCopy { folder in
                let shards = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                    .filter { $0.hasPrefix("model-") }.map { folder + "/" + $0 }
                let shard = try #require(
                    try shards.first { shard in
                        let names = try SafetensorsFile(shard).names
                        return words.contains("model.norm")
                            ? !names.contains("model.norm.weight") : names.contains(path)
                    })
                var weights = try Safetensors.read(shard)
                change(&weights)
                try Safetensors.write(weights, to: shard)
                let message = fault(loading: folder)
                #expect(message.contains(words) && message.contains(".safetensors"), "\(message)")
            }
        }
    }

    @Test func `an index or a shard that is not whole is named`() throws {
        let index = "model.safetensors.index.json"
        let shard = "model-00002-of-00002.safetensors"
        let changes: [(words: String, change: (String) throws -> Void)] = [
            ("\(shard): is missing", { try FileManager.default.removeItem(atPath: $0 + "/" + shard) }),
            ("\(index): is not valid JSON", { try Data("{".utf8).write(to: URL(filePath: $0 + "/" + index)) }),
            (
                "outside its directory",
                {
                    try Data(#"{"weight_map":{"a":"../x.safetensors"}}"#.utf8).write(
                        to: URL(filePath: $0 + "/" + index))
                }
            ),
            ("names no file", { try Data(#"{"weight_map":{}}"#.utf8).write(to: URL(filePath: $0 + "/" + index)) }),
            (
                shard,
                { folder in
                    let bytes = try Data(contentsOf: URL(filePath: folder + "/" + shard))
                    try bytes.dropLast(5).write(to: URL(filePath: folder + "/" + shard))
                }
            ),
            (
                "another form than safetensors",
                { folder in
                    for name in try FileManager.default.contentsOfDirectory(atPath: folder)
                    where name.hasPrefix("model") {
                        try FileManager.default.removeItem(atPath: folder + "/" + name)
                    }
                }
            ),
        ]
        for (words, change) in changes {
            try withCopy { folder in
                try change(folder)
                let message = fault(loading: folder)
                #expect(message.contains(words), "\(message)")
            }
        }
    }

    /// What is read is one clear error, or a model that computes.
    private func expectErrorOrModel(_ folder: String) throws {
        do {
            let model = try CausalLanguageModel.served(directory: folder)
            _ = noGrad { model(Tensor([1, 2, 0], shape: [1, 3])) }
        } catch let error as ModelError {
            #expect(error.description.contains(folder), "\(error)")
        } catch let error as TensorError {
            #expect("\(error)".contains(folder), "\(error)")
        }
    }

    @Test(arguments: ["llama-yarn", "qwen3"]) func `a damaged config.json never crashes`(name: String) throws {
        var damage = FileDamage(seed: 11)
        try withCopy(name) { folder in
            let path = URL(filePath: folder + "/config.json")
            let intact = try Data(contentsOf: path)
            for number in 0..<300 {
                try (number % 4 == 0 ? damage.bytes(intact) : damage.json(intact)).write(to: path)
                try expectErrorOrModel(folder)
            }
        }
    }

    @Test func `a damaged safetensors file never crashes`() throws {
        var damage = FileDamage(seed: 12)
        try withCopy("qwen3") { folder in
            let path = URL(filePath: folder + "/model.safetensors")
            let intact = try Data(contentsOf: path)
            let length = intact.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
            for number in 0..<400 {
                var bytes = damage.bytes(intact, within: length + 8)
                if number % 2 == 0 {
                    let header = try damage.json(intact[8..<8 + length])
                    bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
                    bytes += header + intact[(8 + length)...]
                }
                try bytes.write(to: path)
                try expectErrorOrModel(folder)
            }
        }
    }

    @Test func `damaged files of a quantized model never crash`() throws {
        var damage = FileDamage(seed: 13)
        try withCopy("qwen3") { folder in
            let sequences: [[Int32]] = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10]]
            let calibration = QuantizationRecord.Calibration(sequenceCount: 2, tokenCount: 10, source: "a test")
            try ModelQuantizer(
                try CausalLanguageModel.load(directory: folder), sequences: sequences, calibration: calibration
            ).quantized(PrecisionPlan(.int8, exceptions: ["lm_head": .int4]), embedding: .int8, sparsity: 0)
                .save(directory: folder)
            for name in ["config.json", "model.safetensors"] {
                let path = URL(filePath: folder + "/" + name)
                let intact = try Data(contentsOf: path)
                for number in 0..<150 {
                    let isText = name == "config.json" && number % 4 > 0
                    try (isText ? damage.json(intact) : damage.bytes(intact, within: 3000)).write(to: path)
                    try expectErrorOrModel(folder)
                }
                try intact.write(to: path)
            }
        }
    }
}
