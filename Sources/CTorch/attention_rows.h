// The inner loops of attention: rows of queries against the keys and values of one head.
#pragma once

#include "lanes.h"

#include <cstdint>

namespace ctorch {

/// One query of one head.
struct Row {
    static constexpr int64_t BLOCK = 4;  // rows that are computed at once

    const float *query;
    float *out;
    float *log_sum;  // log Σ exp of the row's scores; null where nobody asks
    int64_t count;   // of the keys up to the last that it sees

    const float *gradient = nullptr;  // of `out`
    float *query_gradient = nullptr;
    int64_t first = 0;  // of the keys that it sees; those before are hidden
};

/// Room for so many keys in whole lanes.
inline int64_t padded(int64_t count) { return (count + LANES - 1) / LANES * LANES; }

/// A distance of columns for so many keys. At a whole number of 4 KiB all columns would share a few lines of the cache.
inline int64_t column_stride(int64_t count) {
    int64_t stride = padded(count);
    return stride >= 512 && stride % 128 == 0 ? stride + LANES : stride;
}

/// Turns heads by their tokens' angles (Su et al. 2021, arXiv:2104.09864, equation 34; a head's first half is paired
/// with its second), and copies the heads behind them. `direction` is 1 forwards and -1 back.
void turn_tokens(const float *in, float *out, const float *cosines, const float *sines, int64_t tokens,
                 int64_t turned_heads, int64_t copied_heads, int64_t size, float direction);

/// out = softmax(query · keys · scale) · values for every row. `scratch` has room for BLOCK rows.
void attend(const Row *rows, int64_t row_count, const float *key_columns, int64_t stride, const float *values,
            int64_t step, int64_t size, float scale, float *scratch, int64_t scratch_stride);

/// softmax(query · keys · scale) of every row, 0 where it sees nothing, in rows of `shares` of `stride`.
void share(const Row *rows, int64_t row_count, const float *key_columns, int64_t stride, int64_t size, float scale,
           float *shares);

/// The gradients of `attend`; those of keys and values are added up, in rows `step` apart. `scratch` has room for
/// 2 BLOCK rows of `stride`.
void differentiate(const Row *rows, int64_t row_count, const float *key_columns, const float *value_columns,
                   int64_t stride, const float *keys, float *dkeys, float *dvalues, int64_t step, int64_t size,
                   float scale, float *scratch);

}  // namespace ctorch
