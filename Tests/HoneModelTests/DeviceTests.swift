import HoneModel
import HoneTensor
import Testing

/// A CUDA device beside the processor, where there is one.
@Suite struct DeviceTests {
    private static let hasDevice = (try? Device.cuda().open()) != nil

    @Test(arguments: [("cpu", Device.cpu), ("cuda", .cuda(0)), ("cuda:1", .cuda(1))])
    func `a device has a name`(name: String, device: Device) {
        #expect(Device(name: name) == device)
    }

    @Test(arguments: ["", "gpu", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:256", "cuda:0:1"])
    func `what names no device is none`(name: String) {
        #expect(Device(name: name) == nil)
    }

    @Test(.enabled(if: !hasDevice, "there is a CUDA device here"))
    func `a device that is not there is an error that says so`() throws {
        let model = CausalLanguageModel(Self.configuration, generator: Generator(seed: 1))
        let error = #expect(throws: TensorError.self) { try #require(PreparedModel(model)).on(.cuda()) }
        #expect("\(try #require(error))".contains("CUDA"))
    }

    @Test(
        .enabled(if: hasDevice, "there is no CUDA device here"),
        arguments: [
            (LayerPrecision.float32, Float(1e-5)), (.bfloat16, 0.02), (.int8, 0.03), (.int4, 0.03),
        ])
    func `a device agrees with the processor, in the same bits whatever is beside`(
        precision: LayerPrecision, tolerance: Float
    ) throws {
        let model = CausalLanguageModel(Self.configuration, generator: Generator(seed: 2))
        let own = try #require(PreparedModel(model, PrecisionPlan(precision)))
        let there = try own.on(.cuda())
        let prompts: [[Int32]] = [[5], (0..<41).map { $0 % 90 }, (0..<70).map { $0 * 7 % 90 }]
        let (expected, found) = (Self.read(prompts, own), Self.read(prompts, there))
        for (row, prompt) in prompts.enumerated() {
            let distance = (Tensor(found[row]) - Tensor(expected[row])).abs().max().item(Float.self)
            #expect(distance <= tolerance * Tensor(expected[row]).abs().max().item(Float.self))
            #expect(Self.read([prompt], there)[0] == found[row])
        }
    }

    private static let configuration = ModelConfiguration(
        kind: .qwen3, vocabularySize: 90, hiddenSize: 96, intermediateSize: 200, layerCount: 2, headCount: 4,
        kvHeadCount: 2, maxPositionCount: 128, attention: [.sliding(window: 20), .full])

    /// Logits behind each prompt and behind four more tokens of it, one step a token.
    private static func read(_ prompts: [[Int32]], _ model: PreparedModel) -> [[Float]] {
        let pages = model.makePages(count: 8 * prompts.count)
        func table(_ row: Int) -> [Int32] { (0..<8).map { Int32($0 * prompts.count + row) } }
        var found = prompts.map { _ in [Float]() }
        for more in 0..<5 {
            var step = NetworkStep()
            for (row, prompt) in prompts.enumerated() {
                if more == 0 {
                    step.add(prompt, past: 0, pages: table(row), isRead: true)
                } else {
                    step.add([Int32(more)], past: prompt.count + more - 1, pages: table(row), isRead: true)
                }
            }
            let logits = model(step, pages: pages)
            for row in prompts.indices { found[row] += logits[row].toArray(Float.self) }
        }
        return found
    }
}
