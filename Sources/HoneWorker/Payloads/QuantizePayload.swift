import HoneModel
import HoneTensor

/// Puts a checkpoint's weights into fewer bits, as a checkpoint of the same model whose parent it is.
struct QuantizePayload: JobPayload {
    let model: String
    /// What is quantized; left out, what the model serves, else its newest.
    let checkpoint: Int64?
    let to: ModelQuantizer.Target
    let budgetSize: Double?
    let budgetLoss: Double?
    let sparsity: Double?
    /// How keys and values are to be kept where the model is served.
    let cache: KeyValuePages.Entry?
    /// Whose solutions the layers are looked at on, and whose other split is answered by parent and child.
    let dataset: String?
    /// What is looked at; `train` where left out.
    let split: String?
    /// What is answered; `test` where left out.
    let measuredSplit: String?
    /// At most so many examples of `split`.
    let calibration: Int?
    /// At most so many examples of `measured_split`.
    let limit: Int?
    let maxNewTokens: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case model, checkpoint, to, sparsity, cache, dataset, split, calibration, limit
        case budgetSize = "budget_size"
        case budgetLoss = "budget_loss"
        case measuredSplit = "measured_split"
        case maxNewTokens = "max_new_tokens"
    }

    var settings: QuantizationSettings {
        var settings = QuantizationSettings(to)
        settings.budgetSize = budgetSize
        settings.budgetLoss = budgetLoss
        if let sparsity { settings.sparsity = sparsity }
        if let cache { settings.cache = cache }
        if let calibration { settings.calibrationCount = calibration }
        if let limit { settings.measuredCount = limit }
        if let maxNewTokens { settings.maximumNewTokens = maxNewTokens }
        return settings
    }

    func validate() throws(WorkerError) {
        try settings.validate()
        try require(to != .mixed || dataset != nil, .dataset, "is missing: layers are measured on its examples")
        try require(
            budgetLoss == nil || dataset != nil, .dataset, "is missing: what is lost is measured on its examples")
    }
}
