import HoneTensor

// Linear layers by their paths, and what they read.
extension CausalLanguageModel {
    /// Computes some sequences, and shows what every linear layer reads, in the order in which they are computed.
    ///
    /// - Parameters:
    ///   - sequences: tokens, one sequence beside the other
    ///   - body: gets a layer's path, its input `[tokens, inputs]` and the layer, and returns what computes in its
    ///     place from there on. Of the output layer only the input is computed.
    /// - Returns: the model with what computed in their places, where that is `Linear`.
    func replacingLinears(
        on sequences: [[Int32]], _ body: (_ path: String, _ input: Tensor, _ linear: Linear) throws -> Linear
    ) rethrows -> CausalLanguageModel {
        var copy = self
        let line = TokenLine(sequences)
        let pass = ForwardPass(
            lengths: line.lengths, rotary: rotary.tables(count: line.lengths.max() ?? 0), cache: nil, dropout: nil)
        var x_NC = embedding(line.ids_N)
        for number in layers.indices {
            let path = "model.layers.\(number)"
            let (attention, feedForward) = (layers[number].attention, layers[number].feedForward)
            let normed_NC = layers[number].inputNorm(x_NC)
            copy.layers[number].attention.qkv = try body(path + ".self_attn.qkv_proj", normed_NC, attention.qkv)
            let mixed = copy.layers[number].attention.mix(normed_NC, pass, layer: number)
            let output = try body(path + ".self_attn.o_proj", mixed, attention.output)
            copy.layers[number].attention.output = output
            x_NC = x_NC + output(mixed)
            let second_NC = layers[number].postNorm(x_NC)
            let gateUp = try body(path + ".mlp.gate_up_proj", second_NC, feedForward.gateUp)
            let inner = gateUp(second_NC).swiGLU()
            let down = try body(path + ".mlp.down_proj", inner, feedForward.down)
            copy.layers[number].feedForward = FeedForward(gateUp: gateUp, down: down)
            x_NC = x_NC + down(inner)
        }
        let head = try body("lm_head", norm(x_NC), self.head ?? Linear(weight: embedding.weight))
        guard self.head == nil else {
            copy.head = head
            return copy
        }
        copy.packedHead = head.packed
        return copy
    }

    /// The model with one matrix in another precision; the embedding's rows follow the output layer's where both are
    /// one.
    func with(_ path: String, _ matrix: StoredMatrix) -> CausalLanguageModel {
        var copy = self
        if path == QuantizedModel.embeddingPath || (path == "lm_head" && head == nil) {
            copy.embedding = Embedding(weight: matrix.dequantized)
            if head == nil { copy.packedHead = matrix.packed(bias: nil) }
            return copy
        }
        if path == "lm_head" {
            copy.head?.packed = matrix.packed(bias: nil)
            return copy
        }
        return copy.mappingMatrices { found, linear in
            guard found == path else { return linear }
            var replaced = linear
            replaced.packed = matrix.packed(bias: linear.bias)
            return replaced
        }
    }

    /// A matrix by its path.
    func weight(_ path: String) -> Tensor {
        if path == QuantizedModel.embeddingPath { return embedding.weight }
        if path == "lm_head" { return head?.weight ?? embedding.weight }
        var found: Tensor?
        _ = mappingMatrices { name, linear in
            if name == path { found = linear.weight }
            return linear
        }
        guard let found else { preconditionFailure("no layer '\(path)'") }
        return found
    }
}
