import Foundation
import HoneTensor

/// What PyTorch computed; `Tests/Oracles/tensor_fixtures.py` writes these files.
func fixture(_ name: String) throws -> [String: Tensor] { try read("tensor/\(name)") }

/// Attention from its definition; `Tests/Oracles/attention_fixtures.py` writes these files.
func attentionFixture(_ name: String) throws -> [String: Tensor] { try read("attention/\(name)") }

private func read(_ name: String) throws -> [String: Tensor] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try Safetensors.read(tests.appending(path: "Fixtures/\(name).safetensors").path())
}

/// Runs `body` with a folder of its own, which is removed afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hone-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let result = Swift.Result { try body(folder.path()) }
    try FileManager.default.removeItem(at: folder)
    return try result.get()
}
