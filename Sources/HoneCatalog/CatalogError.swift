/// What the catalog cannot find or do.
public enum CatalogError: Error, Equatable {
    case unknownDataset(String)
    /// A dataset has no examples of the wanted kind.
    case noExamples(dataset: String, split: String)
    /// The examples of a recorded data cut are not what they were.
    case dataChanged(dataset: String, split: String)
    case unknownModel(String)
    /// No verified answer of a network to any example.
    case noVerdicts(checkpoint: Int64, dataset: String, split: String)
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
        case .noVerdicts(let checkpoint, let dataset, let split):
            "there are no verified answers of checkpoint \(checkpoint)'s network to examples of dataset \(dataset), "
                + "split \(split); answer them by 'sample' or 'evaluate' jobs first"
        case .unknownModel(let name):
            "there is no model \(name); 'hone model list' shows those that there are"
        }
    }
}
