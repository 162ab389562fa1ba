/// What the catalog cannot find or do.
public enum CatalogError: Error, Equatable {
    case unknownDataset(String)
    /// A dataset has no examples of the wanted kind.
    case noExamples(dataset: String, split: String)
    /// The examples of a recorded data cut are not what they were.
    case dataChanged(dataset: String, split: String)
    case unknownModel(String)
}

extension CatalogError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownDataset(let name):
            "there is no dataset \(name); ingest into it first; 'hone dataset list' shows all"
        case .noExamples(let dataset, let split):
            "dataset \(dataset) has no examples in split \(split); ingest some, or name another split"
        case .dataChanged(let dataset, let split):
            "dataset \(dataset), split \(split): the examples are not those that this job began with; start a new job"
        case .unknownModel(let name):
            "there is no model \(name); 'hone model list' shows those that there are"
        }
    }
}
