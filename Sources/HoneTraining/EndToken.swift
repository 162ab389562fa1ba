internal import HoneModel
internal import HoneTokenizer

/// What ends an answer must not be what fills up a batch: a model that ends with its padding, as many published ones
/// do, can be asked but not trained.
func requireDistinctEnd(_ tokenizer: ByteTokenizer, _ shape: ModelConfiguration) throws(TrainingError) {
    let ends = Set(shape.eosTokenIDs + [Int(tokenizer.endOfTextID)])
    // Hone pads with the tokenizer's token; whoever reads the trained model elsewhere, with the model's.
    for (key, padding) in [("tokenizer", Int(tokenizer.paddingID)), ("model", shape.padTokenID)] {
        guard let padding, ends.contains(padding) else { continue }
        throw .configuration(
            key: key,
            reason: "pads with token \(padding), which also ends an answer, so that ends could not be told from "
                + "padding; give eos_token_id or pad_token_id another token")
    }
}
