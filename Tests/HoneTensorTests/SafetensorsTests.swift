import Foundation
import HoneTensor
import SeededRandom
import Testing

@Suite struct SafetensorsTests {
    private let sample: [String: Tensor] = [
        "a": Tensor([1, 2, 3] as [Float]),
        "layer.weight": Tensor([[1, 2], [3, 4]] as [[Int32]]),
        "half": Tensor([0.5, -2] as [Float]).to(.bfloat16),
        "flags": Tensor([true, false, true]),
        "empty": Tensor([] as [Double], shape: [0, 3]),
        "scalar": Tensor(7),
        "quote \" \\ \n ü": Tensor([UInt8(9)]),
    ]

    @Test func `what was written is read back, and the same tensors give the same bytes`() throws {
        try withTemporaryFolder { folder in
            try Safetensors.write(sample, metadata: ["format": "pt"], to: folder + "/x.safetensors")
            let read = try Safetensors.read(folder + "/x.safetensors")
            #expect(read.keys.sorted() == sample.keys.sorted())
            for (name, tensor) in sample {
                let other = try #require(read[name])
                #expect(other.dtype == tensor.dtype && other.equals(tensor), "\(name)")
            }
            #expect(try SafetensorsFile(folder + "/x.safetensors").metadata == ["format": "pt"])
            try Safetensors.write(read, metadata: ["format": "pt"], to: folder + "/y.safetensors")
            let first = try Data(contentsOf: URL(filePath: folder + "/x.safetensors"))
            #expect(try first == Data(contentsOf: URL(filePath: folder + "/y.safetensors")))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
        }
    }

    @Test func `the bytes that are handed on are those of a file, a mebibyte at most at a time`() throws {
        var tensors = sample
        tensors["large"] = Tensor.zeros([700_000])
        try withTemporaryFolder { folder in
            try Safetensors.write(tensors, metadata: ["format": "pt"], to: folder + "/x.safetensors")
            var bytes = Data()
            Safetensors.encode(tensors, metadata: ["format": "pt"]) { part in
                #expect(part.count <= 1 << 20)
                bytes += part
            }
            #expect(try bytes == Data(contentsOf: URL(filePath: folder + "/x.safetensors")))
        }
    }

    @Test func `a file that cannot be written leaves nothing behind`() throws {
        try withTemporaryFolder { folder in
            #expect(throws: TensorError.self) { try Safetensors.write(sample, to: folder + "/missing/x.safetensors") }
            try FileManager.default.createDirectory(atPath: folder + "/taken", withIntermediateDirectories: true)
            #expect(throws: TensorError.self) { try Safetensors.write(sample, to: folder + "/taken") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["taken"])
        }
    }

    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 8, "cannot take bytes"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "leaves a gap"),
        (
            #"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}"#,
            1, "overlaps"
        ),
        (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, 3, "need 4 bytes of data, the file has 3"),
        (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, 9, "need 4 bytes of data, the file has 9"),
        (#"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0, "cannot take bytes"),
        (#"{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,0]}}"#, 0, "too large"),
        (#"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}"#, 0, "whole number"),
        (#"{"a":{"dtype":"X9","shape":[],"data_offsets":[0,1]}}"#, 1, "unknown type 'X9'"),
        (#"{"a":{"dtype":"U8","shape":[1]}}"#, 1, "lacks"),
        (
            #"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}"#,
            1, "twice"
        ),
        (#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#, 0, "expected"),
        ("[]", 0, "does not start with '{'"),
        (#"{"\ud800":1}"#, 0, "surrogate"),
        (#"{} x"#, 0, "end of the header"),
    ])
    func `a hostile header is refused with its fault`(header: String, dataByteCount: Int, fault: String) throws {
        try withTemporaryFolder { folder in
            let path = folder + "/x.safetensors"
            var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
            bytes += Data(header.utf8) + Data(count: dataByteCount)
            try bytes.write(to: URL(filePath: path))
            let error = #expect(throws: TensorError.self) { try Safetensors.read(path) }
            let text = error?.description ?? ""
            #expect(text.contains(fault) && text.hasPrefix(path), "\(text)")
        }
    }

    @Test func `a missing, short, huge or special file is refused`() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/x"
            #expect(throws: TensorError.self) { try Safetensors.read(path) }
            #expect(throws: TensorError.self) { try Safetensors.read("/dev/null") }
            #expect(throws: TensorError.self) { try Safetensors.read(folder) }
            let huge: [UInt8] = Array(repeating: 0xff, count: 16)
            for bytes in [Data(), Data([1, 2, 3]), Data(huge), Data([100] + huge.map { _ in 0 })] {
                try bytes.write(to: URL(filePath: path))
                #expect(throws: TensorError.self) { try Safetensors.read(path) }
            }
        }
    }

    @Test func `no mutation of a file makes the reader crash or read outside`() throws {
        try withTemporaryFolder { folder in
            try Safetensors.write(sample, metadata: ["k": "v"], to: folder + "/valid")
            let valid = try Data(contentsOf: URL(filePath: folder + "/valid"))
            var random = SplitMix(seed: 42)
            var refused = 0
            for _ in 0..<600 {
                let path = folder + "/mutated"
                try mutated(Array(valid), &random).write(to: URL(filePath: path))
                do {
                    for (_, tensor) in try Safetensors.read(path) { _ = tensor.to(.float32).sum() }
                } catch is TensorError {
                    refused += 1
                }
            }
            #expect(refused > 300)
        }
    }

    /// One to four random changes: bytes flipped or replaced by digits and brackets, pieces cut, doubled or moved.
    private func mutated(_ valid: [UInt8], _ random: inout SplitMix) -> Data {
        var bytes = valid
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            // Mostly in the header, which is where a reader can go wrong.
            let limit = Bool.random(using: &random) ? min(600, bytes.count) : bytes.count
            let place = Int.random(in: 0..<limit, using: &random)
            let length = Int.random(in: 1...24, using: &random)
            let piece = Array(bytes[place..<min(place + length, bytes.count)])
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[place] = Array("0129[]{}\",:-\\u".utf8).randomElement(using: &random) ?? 0
            case 2: bytes.removeSubrange(place..<place + piece.count)
            case 3: bytes.insert(contentsOf: piece, at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        return Data(bytes)
    }
}
