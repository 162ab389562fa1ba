internal import HoneModel
internal import HoneTokenizer

/// What ends an answer must not be what fills up a batch: a model that ends with its padding, as many published ones
/// do, can be asked but not trained.
func requireDistinctEnd(_ tokenizer: ByteTokenizer, _ shape: ModelConfiguration) throws(TrainingError) {
    let isPaddingAnEnd =
        tokenizer.paddingID == tokenizer.endOfTextID || shape.eosTokenIDs.contains(Int(tokenizer.paddingID))
    guard !isPaddingAnEnd else {
        throw .configuration(
            key: "tokenizer",
            reason: "pads with token \(tokenizer.paddingID), which also ends an answer, so that ends could not be told "
                + "from padding; give eos_token_id or the padding another token")
    }
}
