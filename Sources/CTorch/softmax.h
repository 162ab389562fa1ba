// Softmax over a row of scores in a fixed order, which attention shares everywhere.
#pragma once

#include "attention_rows.h"
#include "elementwise.h"

namespace ctorch {

/// e^x that keeps what is no number.
inline __attribute__((always_inline)) float sound_exponential(float x) { return exponential(x) + (x - x); }

/// Scores to e^(score · scale - largest) from `first` to `count`, 0 elsewhere between `least` and `width`; gives their
/// sum and the largest. A key's lane is its place among all keys, so the sum's order does not depend on `least`.
inline __attribute__((always_inline)) void exponentiate(float *scores, int64_t least, int64_t first, int64_t count,
                                                        int64_t width, float scale, float &sum, float &largest) {
    constexpr int64_t LANES = Row::LANES;
    int64_t begin = first / LANES * LANES, end = padded(count);
    for (int64_t j = begin; j < first; j++) scores[j] = -INFINITY;
    for (int64_t j = count; j < end; j++) scores[j] = -INFINITY;
    Lanes tops = lanes(scores + begin), sums = {};
    for (int64_t j = begin + LANES; j < end; j += LANES) tops = __builtin_elementwise_max(tops, lanes(scores + j));
    largest = tops[0];
    for (int l = 1; l < LANES; l++) largest = std::max(largest, tops[l]);
    largest *= scale;
    for (int64_t j = begin; j < end; j++) scores[j] = sound_exponential(scores[j] * scale - largest);
    for (int64_t j = least; j < first; j++) scores[j] = 0;
    for (int64_t j = count; j < width; j++) scores[j] = 0;
    for (int64_t j = begin; j < end; j += LANES) sums += lanes(scores + j);
    sum = 0;
    for (int l = 0; l < LANES; l++) sum += sums[l];
}

}  // namespace ctorch
