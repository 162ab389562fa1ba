/// How many bits the weights of one linear layer have where a model is served.
public enum LayerPrecision: Int, Hashable, Sendable, CaseIterable, Codable {
    /// As trained; sums run in one order, so a row has the same bits as in training.
    case float32 = 32
    /// Weights and activations rounded to 16 bits (bfloat16), sums in 32.
    case bfloat16 = 16
    /// Whole numbers with a scale for every output; activations in 8 bits, row by row.
    case int8 = 8
    /// Whole numbers from -7 to 7 with a scale for every 64 inputs of an output; activations in 8 bits, row by row.
    case int4 = 4
}
