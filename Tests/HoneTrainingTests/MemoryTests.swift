import Foundation
import HoneModel
import Testing

@testable import HoneTraining

@Suite struct MemoryTests {
    private func available(_ files: [String: String]) async throws -> AvailableMemory? {
        try await withTemporaryDirectory { root in
            for (name, text) in files {
                let path = URL(filePath: root + name)
                try FileManager.default.createDirectory(
                    at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: path)
            }
            return AvailableMemory.read(root: root)
        }
    }

    private let machine = ["/proc/meminfo": "MemTotal:       4000 kB\nMemAvailable:   3000 kB\n"]

    @Test func `without limits it is what the machine has left, and nothing is known where there are no such files`()
        async throws
    {
        #expect(try await available(machine)?.byteCount == 3000 * 1024)
        #expect(try await available([:]) == nil)
    }

    @Test func `the narrowest control group counts, without cached files that make room`() async throws {
        let version2 = machine.merging([
            "/proc/self/cgroup": "0::/jobs/one\n",
            "/sys/fs/cgroup/jobs/memory.max": "1000000\n", "/sys/fs/cgroup/jobs/memory.current": "600000\n",
            "/sys/fs/cgroup/jobs/memory.stat": "anon 1\ninactive_file 50000\n",
            "/sys/fs/cgroup/jobs/one/memory.max": "max\n", "/sys/fs/cgroup/jobs/one/memory.current": "600000\n",
        ]) { $1 }
        let found = try #require(try await available(version2))
        #expect(found.byteCount == 450_000 && found.bound.contains("/sys/fs/cgroup/jobs"))
        let version1 = machine.merging([
            "/proc/self/cgroup": "5:cpu:/\n4:memory:/docker/abc\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000\n",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes": "500000\n",
        ]) { $1 }
        #expect(try await available(version1)?.byteCount == 1_500_000)
    }

    @Test func `a training that needs more than there is is refused, naming both`() throws {
        let shape = ModelConfiguration(
            vocabularySize: 32_000, hiddenSize: 4096, intermediateSize: 11_008, layerCount: 32, headCount: 32,
            maxPositionCount: 4096, tiesEmbeddings: false)
        let need = MemoryNeed(SFTConfiguration(steps: 1), shape: shape)
        // Weights, gradients and two moments of 6.7 billion numbers.
        #expect(need.byteCount > 16 * shape.parameterCount && need.byteCount < 20 * shape.parameterCount)
        #expect(MemoryNeed(PPOConfiguration(steps: 1), shape: shape).byteCount > 2 * need.byteCount)
        try need.require(nil)
        let error = #expect(throws: TrainingError.self) {
            try need.require(AvailableMemory(byteCount: 8 << 30, bound: "the machine has left"))
        }
        let text = "\(try #require(error))"
        #expect(text.contains("too little memory: this training takes about 114524 MiB (51411 MiB"), "\(text)")
        #expect(text.contains("the machine has left 8192 MiB") && text.contains("for optimizer"), "\(text)")
    }

    @Test func `too large a training is refused before anything is made`() async throws {
        var configuration = Fixture.configuration(steps: 1)
        configuration.model?.hiddenSize = 1 << 17
        configuration.model?.intermediateSize = 1 << 19
        configuration.model?.layerCount = 100
        let error = await #expect(throws: TrainingError.self) {
            _ = try await TrainingSession.start(
                configuration, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
        }
        #expect("\(try #require(error))".hasPrefix("too little memory"))
    }
}
