import Foundation
import HoneTensor
import Testing

/// What eager PyTorch computed; `Tests/Oracles/reinforcement_fixtures.py` writes the file.
struct Golden {
    /// The precisions of the fixture, with the deviation that each allows.
    enum Precision: String, CaseIterable, CustomTestStringConvertible {
        case float64 = "f64"
        case float32 = "f32"

        var tolerance: Double { self == .float64 ? 1e-10 : 1e-6 }
        var dtype: DType { self == .float64 ? .float64 : .float32 }
        var testDescription: String { self == .float64 ? "fp64" : "fp32" }
    }

    let precision: Precision
    private let name: String
    private let file: SafetensorsFile

    /// The quantities of one case.
    init(_ name: String, _ precision: Precision) throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        self.name = name
        self.precision = precision
        file = try SafetensorsFile(tests.appending(path: "Fixtures/training/reinforcement.safetensors").path())
    }

    subscript(_ quantity: String) -> Tensor {
        get throws { try file.tensor("\(precision.rawValue)/\(name)/\(quantity)") }
    }

    /// One of the inputs that all cases share.
    func input(_ quantity: String) throws -> Tensor { try file.tensor("\(precision.rawValue)/input/\(quantity)") }

    /// An input that collects a gradient.
    func leaf(_ quantity: String) throws -> Tensor { try input(quantity).requiringGrad() }

    func expect(
        _ computed: Tensor?, equals quantity: String, location: SourceLocation = #_sourceLocation
    ) throws {
        let expected = try self[quantity]
        let computed = try #require(computed, "\(quantity)", sourceLocation: location)
        let tolerance = precision.tolerance
        #expect(
            computed.detach().allClose(expected.to(computed.dtype), rtol: tolerance, atol: tolerance),
            "\(quantity): \(computed) is not \(expected)", sourceLocation: location)
    }

    func expect(
        _ computed: Double, equals quantity: String, location: SourceLocation = #_sourceLocation
    ) throws {
        let expected = try self[quantity].item()
        #expect(
            abs(computed - expected) <= precision.tolerance * (1 + abs(expected)), "\(quantity)",
            sourceLocation: location)
    }
}
