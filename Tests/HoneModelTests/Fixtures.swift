import Foundation
import HoneModel
import HoneTensor

/// A Hugging Face directory and what transformers computes with it; `Tests/Oracles/model_fixtures.py` writes both.
struct ModelFixture {
    let directory: String
    let expected: [String: Tensor]
    let model: CausalLanguageModel

    init(_ name: String, in folder: String = "models") throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        directory = tests.appending(path: "Fixtures/\(folder)/\(name)").path()
        expected = try Safetensors.read(directory + "/expected.safetensors")
        model = try CausalLanguageModel.load(directory: directory)
    }

    subscript(_ name: String) -> Tensor {
        get throws {
            guard let tensor = expected[name] else { throw TensorError.stateMismatch(name: name, fault: "is missing") }
            return tensor
        }
    }
}

/// Runs `body` with a folder of its own, which is removed afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hone-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let result = Swift.Result { try body(folder.path()) }
    try FileManager.default.removeItem(at: folder)
    return try result.get()
}

/// The largest difference between two tensors.
func distance(_ a: Tensor, _ b: Tensor) -> Double { (a.detach() - b.detach()).abs().max().item() }
