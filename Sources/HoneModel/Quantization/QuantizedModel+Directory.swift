internal import Foundation
import HoneTensor

// Reading: every name, type, shape and scale is checked, since a wrong one answers nonsense without a word.
extension QuantizedModel {
    /// Reads a directory that ``save(directory:)`` wrote.
    ///
    /// - Throws: `ModelError` or `TensorError`, naming the file and the tensor at fault.
    public init(directory: String) throws {
        let configuration = try ModelConfiguration.read(directory: directory)
        guard let record = configuration.quantization else {
            throw ModelError.file(path: directory + "/config.json", fault: "has no 'quantization_config'")
        }
        let path = directory + "/model.safetensors"
        guard FileManager.default.fileExists(atPath: path) else {
            throw ModelError.file(path: path, fault: "is missing; a model in fewer bits has one file of weights")
        }
        try configuration.check(record, at: directory + "/config.json")
        let file = try SafetensorsFile(path)
        let expected = configuration.layout(record)
        for (name, wanted) in expected.sorted(by: { $0.key < $1.key }) {
            guard let shape = file.shape(of: name) else {
                throw ModelError.file(path: path, fault: "lacks the tensor '\(name)' that config.json describes")
            }
            guard shape == wanted.shape, file.dtype(of: name) == wanted.dtype else {
                throw ModelError.file(
                    path: path,
                    fault: "'\(name)' is \(file.typeName(of: name) ?? "unknown") \(shape), and config.json describes "
                        + "\(wanted.dtype) \(wanted.shape)")
            }
        }
        if let stranger = file.names.first(where: { expected[$0] == nil }) {
            throw ModelError.file(path: path, fault: "holds '\(stranger)', which is no tensor of this model")
        }
        func read(_ name: String) throws -> Tensor {
            let tensor = try file.tensor(name)
            if tensor.dtype.isFloatingPoint, !tensor.isFinite().all() {
                throw ModelError.file(path: path, fault: "'\(name)' holds what is no number")
            }
            if name.hasSuffix(".scales"), !(tensor .> 0).all() {
                throw ModelError.file(path: path, fault: "'\(name)' holds a scale that is not above 0")
            }
            return tensor
        }
        var matrices: [String: StoredMatrix] = [:]
        for (name, _, inputs) in configuration.matrixShapes {
            matrices[name] = try StoredMatrix(configuration.precision(of: name, record), inputs: inputs) { ending in
                try read(name + ending)
            }
        }
        var vectors: [String: Tensor] = [:]
        for name in configuration.vectorLengths.keys { vectors[name] = try read(name) }
        self.init(configuration, record, matrices: matrices, vectors: vectors)
    }
}

extension ModelConfiguration {
    /// Type and shape of every tensor of a file.
    fileprivate func layout(_ record: QuantizationRecord) -> [String: (dtype: DType, shape: [Int])] {
        var tensors = vectorLengths.mapValues { (dtype: DType.float32, shape: [$0]) }
        for (path, outputs, inputs) in matrixShapes {
            let layout = StoredMatrix.layout(precision(of: path, record), outputs: outputs, inputs: inputs)
            for (ending, described) in layout { tensors[path + ending] = described }
        }
        return tensors
    }

    fileprivate func check(_ record: QuantizationRecord, at path: String) throws(ModelError) {
        let known = Set(PrecisionPlan.paths(of: self))
        let named = Array(record.plan.exceptions.keys) + Array(record.thresholds.keys)
        if let stranger = named.sorted().first(where: { !known.contains($0) }) {
            throw .file(path: path, fault: "'quantization_config' names '\(stranger)', which is no layer of this model")
        }
        if let (name, value) = record.thresholds.first(where: { !($0.value >= 0 && $0.value.isFinite) }) {
            throw .file(path: path, fault: "'quantization_config' has the threshold \(value) for '\(name)'")
        }
    }
}
