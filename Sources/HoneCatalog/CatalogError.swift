/// What the catalog cannot find or do.
public enum CatalogError: Error, Equatable {
    case unknownDataset(String)
    case emptySplit(dataset: String, split: String)
    case unknownModel(String)
    case unknownCheckpoint(String)
    case notActive(model: String)
    case badReference(String)
    case unreadableDirectory(path: String, reason: String)
}

extension CatalogError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownDataset(let name):
            "there is no dataset '\(name)'; `hone dataset list` names those that exist"
        case .emptySplit(let dataset, let split):
            "dataset '\(dataset)' has no examples in the split '\(split)'; see `hone dataset show \(dataset)`"
        case .unknownModel(let name):
            "there is no model '\(name)'; `hone model list` names those that exist"
        case .unknownCheckpoint(let text):
            "there is no checkpoint \(text); `hone model show` names a model's checkpoints"
        case .notActive(let model):
            "model '\(model)' has no active checkpoint yet; promote one, or name it as \(model)@ID"
        case .badReference(let text):
            "'\(text)' names no model; write NAME or NAME@CHECKPOINT"
        case .unreadableDirectory(let path, let reason):
            "cannot read the directory \(path): \(reason)"
        }
    }
}
