// Softmax over a row of scores in a fixed order, which attention shares everywhere.
#pragma once

#include "attention_rows.h"
#include "lanes.h"

namespace ctorch {

/// e^x that keeps what is no number.
INLINE float sound_exponential(float x) { return exponential(x) + (x - x); }
INLINE Lanes sound_exponential(const Lanes &x) { return exponential(x) + (x - x); }

/// Scores to e^(score · scale - largest) from `first` to `count`, 0 elsewhere between `least` and `width`, which stand
/// at the ends of lanes; gives their sum and the largest. A key's lane is its place among all keys, so the sum's order
/// does not depend on `least`.
INLINE void exponentiate(float *scores, int64_t least, int64_t first, int64_t count, int64_t width, float scale,
                         float &sum, float &largest) {
    int64_t begin = first / LANES * LANES, end = padded(count);
    Lanes tops = Lanes{} - INFINITY, sums = {};
    for (int64_t j = begin; j < end; j += LANES) {
        tops = larger(tops, lanes_of_range(lanes(scores + j), j, first, count, -INFINITY));
    }
    largest = largest_of(tops) * scale;
    for (int64_t j = least; j < begin; j += LANES) lanes(scores + j) = Lanes{};
    for (int64_t j = begin; j < end; j += LANES) {
        Lanes power = sound_exponential(lanes(scores + j) * scale - largest);
        power = lanes_of_range(power, j, first, count, 0);
        lanes(scores + j) = power;
        sums += power;
    }
    for (int64_t j = end; j < width; j += LANES) lanes(scores + j) = Lanes{};
    sum = sum_of(sums);
}

}  // namespace ctorch
