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

    @Test func `damaged bytes are one clear error or a model, never a crash`() throws {
        var state: UInt64 = 11
        func random(below limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        try withCopy("qwen3") { folder in
            for name in ["config.json", "model.safetensors"] {
                let path = URL(filePath: folder + "/" + name)
                let intact = try Data(contentsOf: path)
                for _ in 0..<150 {
                    var bytes = intact
                    for _ in 0...random(below: 3) {
                        // Of the weights' file the header, behind which there is nothing to misread.
                        let place = random(below: min(bytes.count, 2500))
                        switch random(below: 4) {
                        case 0: bytes[place] = UInt8(random(below: 256))
                        case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random(below: 20)))
                        case 2: bytes.insert(contentsOf: Data("9e5,\"[{-".utf8.prefix(1 + random(below: 8))), at: place)
                        default: bytes = bytes.prefix(place + 1)
                        }
                        bytes = bytes.isEmpty ? Data([0]) : Data(bytes)
                    }
                    try bytes.write(to: path)
                    do {
                        _ = try CausalLanguageModel.load(directory: folder)
                    } catch let error as ModelError {
                        #expect(error.description.contains(folder), "\(error)")
                    } catch let error as TensorError {
                        #expect("\(error)".contains(folder), "\(error)")
                    }
                }
                try intact.write(to: path)
            }
        }
    }
}
