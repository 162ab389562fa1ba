/// What is wrong with a pipeline's file or with a run of it.
public enum PipelineError: Error, Equatable {
    case unreadable(file: String, reason: String)
    /// `place` is the path of keys to the fault, `line` counts from 1.
    case invalid(file: String, line: Int?, place: String, reason: String)
    case unknownRun(Int64)
    /// A stage's payload uses a result that is not there.
    case unresolved(reference: String, reason: String)
}

extension PipelineError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "cannot read \(file): \(reason)"
        case .invalid(let file, let line, let place, let reason):
            "\(file):\(line.map { "\($0):" } ?? "") \(place.isEmpty ? "" : "\(place): ")\(reason)"
        case .unknownRun(let id):
            "there is no run \(id); `hone pipeline list` names the pipelines that can be run"
        case .unresolved(let reference, let reason):
            "${\(reference)} cannot be filled in: \(reason)"
        }
    }
}
