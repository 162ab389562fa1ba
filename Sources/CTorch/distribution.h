// Rows of logits as distributions: what sampling and training share, so that both say the same of a token to the bit.
#pragma once

#include <cstdint>

namespace ctorch {

constexpr int64_t WEIGHT_CHUNK = 256;  // weights that are added up together

inline int64_t weight_chunks(int64_t size) { return (size + WEIGHT_CHUNK - 1) / WEIGHT_CHUNK; }

float largest(const float *row, int64_t size);

/// weights = e^((x - top) · factor), and in `sums` those of every chunk; gives the sum of all. What is no number stays
/// none.
float weigh(const float *row, int64_t size, float top, float factor, float *weights, float *sums);

/// The sum of weights, and in `sums` those of every chunk.
float add_up(const float *weights, int64_t size, float *sums);

}  // namespace ctorch
