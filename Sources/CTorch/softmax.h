// Softmax over a row of scores in a fixed order, which attention shares everywhere.
#pragma once

#include "attention_rows.h"
#include "elementwise.h"

namespace ctorch {

/// e^x that keeps what is no number.
inline __attribute__((always_inline)) float sound_exponential(float x) { return exponential(x) + (x - x); }

/// Scores to e^(score · scale - largest), 0 before `first` and from `count` to `width`; gives their sum and the
/// largest. The sum runs by lanes of a score's place, so that it is the same wherever zeros before `first` begin.
inline __attribute__((always_inline)) void exponentiate(float *scores, int64_t first, int64_t count, int64_t width,
                                                        float scale, float &sum, float &largest) {
    constexpr int64_t LANES = Row::LANES;
    int64_t end = padded(count);
    for (int64_t j = 0; j < first; j++) scores[j] = -INFINITY;
    for (int64_t j = count; j < end; j++) scores[j] = -INFINITY;
    Lanes tops = lanes(scores), sums = {};
    for (int64_t j = LANES; j < end; j += LANES) tops = __builtin_elementwise_max(tops, lanes(scores + j));
    largest = tops[0];
    for (int l = 1; l < LANES; l++) largest = std::max(largest, tops[l]);
    largest *= scale;
    for (int64_t j = 0; j < end; j++) scores[j] = sound_exponential(scores[j] * scale - largest);
    for (int64_t j = 0; j < first; j++) scores[j] = 0;
    for (int64_t j = count; j < width; j++) scores[j] = 0;
    for (int64_t j = 0; j < end; j += LANES) sums += lanes(scores + j);
    sum = 0;
    for (int l = 0; l < LANES; l++) sum += sums[l];
}

}  // namespace ctorch
