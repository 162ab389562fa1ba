import Foundation
import HoneArtifacts
import Testing

/// Each test works in a directory of its own.
@Suite struct ArtifactStoreTests: ~Copyable {
    let directory = FileManager.default.temporaryDirectory.appending(path: "hone-artifacts-\(UUID().uuidString)")
    let store: ArtifactStore

    init() throws {
        store = try ArtifactStore(root: directory)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    @Test func theNameIsTheSHA256OfTheBytes() throws {
        let artifact = try store.put(Data("abc".utf8))
        // FIPS 180-4, appendix B.1
        #expect(artifact.sha256.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(artifact.byteCount == 3)
        #expect(try store.data(artifact.sha256) == Data("abc".utf8))
    }

    @Test func aFileOfManyChunksComesBackWhole() throws {
        let bytes = Data((0..<3_500_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })
        let file = directory.appending(path: "large")
        try bytes.write(to: file)
        let fromFile = try store.put(contentsOf: file)
        #expect(fromFile == (try store.put(bytes)))
        #expect(try store.data(fromFile.sha256) == bytes)
    }

    @Test func whatIsHandedOnInPartsIsStoredAsOneFileOrNotAtAll() throws {
        let artifact = try store.put { sink throws(ArtifactError) in
            try sink([1, 2])
            try sink([3])
        }
        #expect(try store.data(artifact.sha256) == Data([1, 2, 3]))
        let before = try FileManager.default.subpathsOfDirectory(atPath: directory.path)
        #expect(throws: ArtifactError.self) {
            try store.put { sink throws(ArtifactError) in
                try sink([4])
                throw .missing(artifact.sha256, path: "nowhere")
            }
        }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: directory.path) == before)
    }

    @Test func theEmptyFileIsAnArtifact() throws {
        let artifact = try store.put(Data())
        #expect(artifact.byteCount == 0)
        #expect(try store.data(artifact.sha256).isEmpty)
    }

    @Test func aFlippedBitIsOneErrorThatNamesTheArtifact() throws {
        let artifact = try store.put(Data(repeating: 7, count: 5000))
        try damage(artifact) { $0[4321] ^= 0x10 }
        let error = #expect(throws: ArtifactError.self) { try store.data(artifact.sha256) }
        #expect(error?.description.contains("artifact \(artifact.sha256.hex) is corrupt") == true)
        let target = directory.appending(path: "out")
        #expect(throws: ArtifactError.self) { try store.materialize(artifact.sha256, at: target) }
        #expect(!FileManager.default.fileExists(atPath: target.path))
    }

    @Test func aTornFileIsCorruptAndStoringItAgainMendsIt() throws {
        let bytes = Data(repeating: 9, count: 5000)
        let artifact = try store.put(bytes)
        try damage(artifact) { $0.removeLast(1) }
        #expect(throws: ArtifactError.self) { try store.verifiedFile(artifact.sha256) }
        _ = try store.put(bytes)
        #expect(try store.data(artifact.sha256) == bytes)
    }

    @Test func aMissingArtifactIsNamed() throws {
        let digest = try #require(ArtifactDigest(hex: String(repeating: "a", count: 64)))
        let error = #expect(throws: ArtifactError.self) { try store.data(digest) }
        #expect(error?.description.contains(digest.hex) == true)
        #expect(!store.contains(digest))
    }

    @Test func aFailedWriteLeavesNothing() throws {
        #expect(throws: ArtifactError.self) { try store.put(contentsOf: directory.appending(path: "absent")) }
        #expect(try incoming().isEmpty)
    }

    @Test func anAbandonedWriteIsSweptAfterADayAndAFreshOneIsNot() throws {
        let old = directory.appending(path: "incoming/old")
        let fresh = directory.appending(path: "incoming/fresh")
        for file in [old, fresh] { try Data("half".utf8).write(to: file) }
        let yesterday = Date(timeIntervalSinceNow: -2 * 24 * 60 * 60)
        try FileManager.default.setAttributes([.modificationDate: yesterday], ofItemAtPath: old.path)
        _ = try ArtifactStore(root: directory)
        #expect(try incoming() == ["fresh"])
    }

    @Test func manyWritersOfOneContentAgree() async throws {
        let store = store
        let bytes = Data(repeating: 3, count: 300_000)
        let digests = try await withThrowingTaskGroup(of: ArtifactDigest.self) { group in
            for _ in 0..<16 { group.addTask { try store.put(bytes).sha256 } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        let digest = try #require(digests.first)
        #expect(digests.count == 1)
        #expect(try store.data(digest) == bytes)
        #expect(try incoming().isEmpty)
    }

    @Test func materializeReplacesAFileInOneStep() throws {
        let artifact = try store.put(Data("weights".utf8))
        let target = directory.appending(path: "model.safetensors")
        try Data("old".utf8).write(to: target)
        try store.materialize(artifact.sha256, at: target)
        #expect(try Data(contentsOf: target) == Data("weights".utf8))
    }

    @Test func tooLargeForMemoryIsSaid() throws {
        let artifact = try store.put(Data(repeating: 1, count: 100))
        #expect(throws: ArtifactError.tooLarge(artifact.sha256, byteCount: 100, limit: 99)) {
            try store.data(artifact.sha256, limit: 99)
        }
    }

    @Test(arguments: ["", "abc", String(repeating: "g", count: 64), String(repeating: "é", count: 32)])
    func whatIsNotAChecksumIsRefused(_ text: String) {
        #expect(ArtifactDigest(hex: text) == nil)
    }

    private func incoming() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: "incoming").path)
    }

    private func damage(_ artifact: Artifact, _ change: (inout Data) -> Void) throws {
        let hex = artifact.sha256.hex
        let file = directory.appending(path: "\(hex.prefix(2))/\(hex)")
        var bytes = try Data(contentsOf: file)
        change(&bytes)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
        try bytes.write(to: file)
    }
}
