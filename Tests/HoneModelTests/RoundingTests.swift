import Foundation
import HoneModel
import HoneTensor
import Testing

/// Weights in fewer bits beside what `Tests/Oracles/quantization_fixtures.py` has of them, column by column in float64.
@Suite struct RoundingTests {
    private let expected: [String: Tensor]
    private let weight: Tensor
    private let x: Tensor

    init() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let found = try Safetensors.read(tests.appending(path: "Fixtures/quantization/rounding.safetensors").path())
        expected = found
        weight = try #require(found["weight"])
        x = try #require(found["x"])
    }

    private func tensor(_ name: String) throws -> Tensor { try #require(expected[name]) }

    private func shareEqual(_ a: Tensor, _ b: Tensor) -> Double { (a .== b).to(.float64).mean().item() }

    /// How far a product is from that of the weight as it was, relative to it.
    private func error(_ values: QuantizedValues) -> Double {
        let exact = x.matmul(weight.transpose(0, 1))
        let found = x.matmul(values.dequantized.transpose(0, 1))
        return ((found - exact).pow(2).sum().item() / exact.pow(2).sum().item()).squareRoot()
    }

    @Test(arguments: QuantizedValues.Precision.allCases)
    func `the nearest numbers and their scales are the oracle's`(precision: QuantizedValues.Precision) throws {
        let found = QuantizedValues(nearest: weight, precision: precision)
        let name = "nearest\(precision.rawValue)"
        #expect(shareEqual(found.scales.view(32, -1), try tensor(name + ".scales")) > 0.99)
        #expect(shareEqual(found.values, try tensor(name + ".values")) > 0.995)
    }

    @Test(arguments: QuantizedValues.Precision.allCases)
    func `errors are made up for as the oracle does, and products are nearer for it`(
        precision: QuantizedValues.Precision
    ) throws {
        let found = CompensatedRounding(x).round(weight, precision)
        let name = "gptq\(precision.rawValue)"
        let oracle = QuantizedValues(
            values: try tensor(name + ".values"),
            scales: precision == .int8 ? try tensor(name + ".scales").view(32) : try tensor(name + ".scales"),
            precision: precision)
        // A number on the edge falls to the other side in float32, and moves those behind it a little.
        #expect(shareEqual(found.values, oracle.values) > 0.9)
        #expect(abs(error(found) / error(oracle) - 1) < 0.05)
        #expect(error(found) < 0.85 * error(QuantizedValues(nearest: weight, precision: precision)))
    }

    @Test func `numbers of 4 bits lie two in a byte and come back`() throws {
        let values = QuantizedValues(
            values: try tensor("nearest4.values"), scales: Tensor.ones([32, 2]), precision: .int4)
        #expect(values.nibbles.equals(try tensor("nibbles")))
        for inputs in [1, 7, 64, 65, 96] {
            let some = QuantizedValues(
                values: values.values.narrow(1, start: 0, length: inputs).contiguous(), scales: values.scales,
                precision: .int4)
            let back = QuantizedValues(nibbles: some.nibbles, inputs: inputs, scales: some.scales)
            #expect(back.values.equals(some.values), "\(inputs) inputs")
        }
    }

    @Test func `small inputs count as 0, in the same bits alone and in a batch`() throws {
        let threshold = try tensor("threshold").item(Float.self)
        let values = QuantizedValues(
            values: try tensor("nearest8.values"), scales: try tensor("nearest8.scales").view(32), precision: .int8)
        let bias = Tensor.randn([32], generator: Generator(seed: 2))
        let matrix = PackedMatrix(values, bias: bias, skippingInputsBelow: threshold)
        let together = matrix(x)
        #expect(distance(together, try tensor("sparse") + bias) < 1e-4)
        for row in [0, 3, 159] {
            let alone = matrix(x.narrow(0, start: row, length: 1))
            #expect(alone.toArray(Float.self) == together[row].toArray(Float.self), "row \(row)")
        }
        let every = PackedMatrix(values, bias: bias, skippingInputsBelow: 0)
        let plain = PackedMatrix(values, bias: bias)
        let one = x.narrow(0, start: 1, length: 1)
        #expect(every(one).toArray(Float.self) == plain(one).toArray(Float.self))
    }
}
