import ArgumentParser
import Foundation
import HoneTensor
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Other engines, by their scripts in the folder of oracles.
struct GenerationPeers: ParsableArguments {
    @Option(help: "A Python that has torch and transformers.") var python = "python3"
    @Option(help: "A Python that has llama-cpp-python and gguf.") var llamaPython = "python3"
    @Option(help: "The folder of the peers' scripts.") var oracles = "Tests/Oracles"
    @Flag(help: "Leave the peers out.") var alone = false

    /// An engine in one of its precisions.
    struct Peer {
        let name: String
        let script: String
        let dtype: String

        private static func transformers(_ dtype: String) -> Peer {
            Peer(name: "transformers \(dtype)", script: "transformers_generation.py", dtype: dtype)
        }

        private static func llama(_ dtype: String) -> Peer {
            Peer(name: "llama.cpp \(dtype)", script: "llama_generation.py", dtype: dtype)
        }

        /// Those of one class of precision; on a CUDA device, those that have it there.
        static func beside(_ precision: ServedPrecision, on device: Device) -> [Peer] {
            if device != .cpu {
                return precision == .fp32 || precision == .bf16 ? [transformers(precision.rawValue)] : []
            }
            switch precision {
            case .fp32: return [transformers("fp32"), llama("f32")]
            case .bf16: return [transformers("bf16"), llama("bf16")]
            case .int8: return [transformers("int8"), llama("q8_0")]
            case .int4, .mixed: return [llama("q4_0")]
            }
        }
    }

    struct Speed: Decodable {
        let batch: Int
        let decode: Double
        let prefill: Double
    }

    struct Fault: Error {
        let description: String
    }

    private struct Answer: Decodable {
        let rows: [Speed]
    }

    /// What an engine's answers in company differ by from those alone.
    struct Differences: Decodable {
        let tokens: Int
        let differingTokens: Int
        let differingBits: Int

        enum CodingKeys: String, CodingKey {
            case tokens
            case differingTokens = "differing_tokens"
            case differingBits = "differing_bits"
        }
    }

    /// Runs a peer; one that cannot run is reported, never guessed.
    func run(
        _ peer: Peer, model: String, batches: [Int], prompt: Int, new: Int, threads: Int, runs: Int,
        device: Device
    ) async -> Result<[Speed], Fault> {
        var arguments = [
            "--batches", batches.map(String.init).joined(separator: ","), "--prompt", "\(prompt)", "--new", "\(new)",
            "--threads", "\(threads)", "--repeats", "\(runs)",
        ]
        if device != .cpu { arguments += ["--device", "\(device)"] }
        return await ask(peer, Answer.self, model: model, arguments).map(\.rows)
    }

    /// Has a peer answer random requests alone and together.
    func differences(
        of peer: Peer, model: String, requestCount: Int, new: Int, threads: Int
    ) async -> Result<Differences, Fault> {
        await ask(
            peer, Differences.self, model: model,
            ["--invariance", "\(requestCount)", "--new", "\(new)", "--threads", "\(threads)"])
    }

    /// The last line that a peer's script prints.
    private func ask<Found: Decodable>(
        _ peer: Peer, _ kind: Found.Type, model: String, _ arguments: [String]
    ) async -> Result<Found, Fault> {
        if alone { return .failure(Fault(description: "\(peer.name): left out")) }
        let program = peer.script.hasPrefix("llama") ? llamaPython : python
        let arguments = ["\(oracles)/\(peer.script)", "--model", model, "--dtype", peer.dtype] + arguments
        do {
            let run = try await Subprocess.run(
                program.contains("/") ? .path(FilePath(program)) : .name(program), arguments: Arguments(arguments),
                // Hone's own setting for threads that wait would hold the peers back.
                environment: .inherit.updating(["OMP_WAIT_POLICY": "active"]),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            guard run.terminationStatus.isSuccess, let line = run.standardOutput.split(separator: "\n").last else {
                let reason = run.standardError.split(separator: "\n").last ?? "no output"
                return .failure(Fault(description: "\(peer.name) with \(program): \(reason)"))
            }
            return .success(try JSONDecoder().decode(kind, from: Data(line.utf8)))
        } catch {
            return .failure(Fault(description: "\(peer.name) with \(program): \(error)"))
        }
    }
}
