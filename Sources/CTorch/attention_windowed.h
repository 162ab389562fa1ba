// Hierarchical and sliding attention over a cache: what is kept of every sequence, and one more token of each.
#pragma once

#include "attention_branches.h"

namespace ctorch {

/// What rows of sequences keep. Everything but the ring is missing where there are no summaries, and whole tokens where
/// none are selected.
struct WindowCache {
    at::Tensor ring_keys, ring_values;    // the window's tokens: [rows, kv, size, ring], [rows, kv, ring, size]
    at::Tensor open_keys, open_values;    // of the block that is not complete, not turned: [rows, kv, block, size]
    at::Tensor block_keys, block_values;  // summaries: [rows, kv, size, blocks], [rows, kv, blocks, size]
    at::Tensor token_keys, token_values;  // of all tokens: [rows, kv, tokens, size]
    int64_t first_row = 0;

    int64_t ring() const { return ring_keys.size(3); }

    /// Where a head's part of a tensor begins.
    static float *part(const at::Tensor &tensor, int64_t row, int64_t kv) {
        return tensor.mutable_data_ptr<float>() + (row * tensor.size(1) + kv) * tensor.size(2) * tensor.size(3);
    }
};

/// Keeps what later tokens need of whole sequences; `raw` is the line before it was turned.
void keep_line(const Line &line, const float *raw, const WindowCache &cache);

/// Keeps a summary of block `block` for every head of a row: turned keys and values, [kv, size].
void keep_summary(const float *keys, const float *values, int64_t row, int64_t block, const WindowCache &cache);

/// One more token of every sequence: all branches, [N, heads, size] each, are written to `outs`.
void step(const Line &line, const float *raw, const WindowCache &cache, float *const *outs);

}  // namespace ctorch
