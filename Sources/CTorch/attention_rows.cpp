#include "attention_rows.h"

#include "lanes.h"
#include "softmax.h"

namespace ctorch {
namespace {

constexpr int64_t BLOCK = Row::BLOCK;

/// out[r][j] = Σ_d left[r][d] · columns[d][j] for j < count in whole lanes; in the order of d.
template <int R, int W>
INLINE void dot_lanes(const float *const *left, const float *columns, int64_t stride, int64_t size, float *out,
                      int64_t out_stride) {
    Lanes sums[R][W] = {};
    for (int64_t d = 0; d < size; d++) {
        for (int w = 0; w < W; w++) {
            for (int r = 0; r < R; r++) sums[r][w] += left[r][d] * lanes(columns + d * stride + w * LANES);
        }
    }
    for (int r = 0; r < R; r++) {
        for (int w = 0; w < W; w++) lanes(out + r * out_stride + w * LANES) = sums[r][w];
    }
}

template <int R>
INLINE void dots(const float *const *left, const float *columns, int64_t stride, int64_t size, int64_t count,
                 float *out, int64_t out_stride) {
    int64_t j = 0;
    for (; j + 3 * LANES <= padded(count); j += 3 * LANES) {
        dot_lanes<R, 3>(left, columns + j, stride, size, out + j, out_stride);
    }
    if (j + 2 * LANES <= padded(count)) {
        dot_lanes<R, 2>(left, columns + j, stride, size, out + j, out_stride);
        j += 2 * LANES;
    }
    if (j < count) dot_lanes<R, 1>(left, columns + j, stride, size, out + j, out_stride);
}

/// out[r][d] = factors[r] · Σ_j weights[r][j] · rows[j][d] for W lanes of d; in the order of j.
template <int R, int W>
INLINE void mix_lanes(const float *weights, int64_t stride, const float *rows, int64_t step, int64_t count,
                      const float *factors, float *const *out, int64_t d) {
    Lanes sums[R][W] = {};
    for (int64_t j = 0; j < count; j++) {
        for (int w = 0; w < W; w++) {
            for (int r = 0; r < R; r++) sums[r][w] += weights[r * stride + j] * lanes(rows + j * step + d + w * LANES);
        }
    }
    for (int r = 0; r < R; r++) {
        for (int w = 0; w < W; w++) lanes(out[r] + d + w * LANES) = sums[r][w] * factors[r];
    }
}

template <int R>
INLINE void mix(const float *weights, int64_t stride, const float *rows, int64_t step, int64_t count, int64_t size,
                const float *factors, float *const *out) {
    int64_t d = 0;
    for (; d + 2 * LANES <= size; d += 2 * LANES) mix_lanes<R, 2>(weights, stride, rows, step, count, factors, out, d);
    for (; d + LANES <= size; d += LANES) mix_lanes<R, 1>(weights, stride, rows, step, count, factors, out, d);
    for (; d < size; d++) {
        for (int r = 0; r < R; r++) {
            float sum = 0;
            for (int64_t j = 0; j < count; j++) sum += weights[r * stride + j] * rows[j * step + d];
            out[r][d] = sum * factors[r];
        }
    }
}

/// out[j][d] += Σ_r weights[r][j] · left[r][d] for W lanes of d; in the order of r.
template <int R, int W>
INLINE void spread_lanes(const float *weights, int64_t stride, const float *const *left, int64_t count, float *out,
                         int64_t step, int64_t d) {
    Lanes held[R][W];
    for (int r = 0; r < R; r++) {
        for (int w = 0; w < W; w++) held[r][w] = lanes(left[r] + d + w * LANES);
    }
    for (int64_t j = 0; j < count; j++) {
        for (int w = 0; w < W; w++) {
            Lanes sum = lanes(out + j * step + d + w * LANES);
            for (int r = 0; r < R; r++) sum += weights[r * stride + j] * held[r][w];
            lanes(out + j * step + d + w * LANES) = sum;
        }
    }
}

template <int R>
INLINE void spread(const float *weights, int64_t stride, const float *const *left, int64_t count, int64_t size,
                   float *out, int64_t step) {
    int64_t d = 0;
    for (; d + 2 * LANES <= size; d += 2 * LANES) spread_lanes<R, 2>(weights, stride, left, count, out, step, d);
    for (; d + LANES <= size; d += LANES) spread_lanes<R, 1>(weights, stride, left, count, out, step, d);
    for (; d < size; d++) {
        for (int64_t j = 0; j < count; j++) {
            for (int r = 0; r < R; r++) out[j * step + d] += weights[r * stride + j] * left[r][d];
        }
    }
}

INLINE float dot(const float *a, const float *b, int64_t size) {
    Lanes sums = {};
    int64_t d = 0;
    for (; d + LANES <= size; d += LANES) sums += lanes(a + d) * lanes(b + d);
    float sum = sum_of(sums);
    for (; d < size; d++) sum += a[d] * b[d];
    return sum;
}

/// What the rows of a block see together; `least` stands at the beginning of lanes.
template <int R>
INLINE void find_range(const Row *rows, int64_t &least, int64_t &most) {
    least = rows[0].first;
    most = 0;
    for (int r = 0; r < R; r++) {
        least = std::min(least, rows[r].first);
        most = std::max(most, rows[r].count);
    }
    least = least / LANES * LANES;
}

template <int R>
INLINE void exponentiate_block(const Row *rows, const float *key_columns, int64_t stride, int64_t size, float scale,
                               float *scratch, int64_t scratch_stride, float *sums) {
    const float *queries[R];
    int64_t least, most;
    find_range<R>(rows, least, most);
    for (int r = 0; r < R; r++) queries[r] = rows[r].query;
    dots<R>(queries, key_columns + least, stride, size, most - least, scratch + least, scratch_stride);
    for (int r = 0; r < R; r++) {
        float largest;
        exponentiate(scratch + r * scratch_stride, least, rows[r].first, rows[r].count, padded(most), scale, sums[r],
                     largest);
        if (rows[r].log_sum) *rows[r].log_sum = largest + std::log(sums[r]);
    }
}

template <int R>
INLINE void attend_block(const Row *rows, const float *key_columns, int64_t stride, const float *values, int64_t step,
                         int64_t size, float scale, float *scratch, int64_t scratch_stride) {
    float *outs[R], sums[R];
    int64_t least, most;
    find_range<R>(rows, least, most);
    for (int r = 0; r < R; r++) outs[r] = rows[r].out;
    exponentiate_block<R>(rows, key_columns, stride, size, scale, scratch, scratch_stride, sums);
    // What stands before the first key that is seen, in its lanes, may never have been written.
    least = rows[0].first;
    for (int r = 1; r < R; r++) least = std::min(least, rows[r].first);
    for (int r = 0; r < R; r++) sums[r] = 1 / sums[r];
    mix<R>(scratch + least, scratch_stride, values + least * step, step, most - least, size, sums, outs);
}

template <int R>
INLINE void differentiate_block(const Row *rows, const float *key_columns, const float *value_columns, int64_t stride,
                                const float *keys, float *dkeys, float *dvalues, int64_t step, int64_t size,
                                float scale, float *scratch) {
    const float *queries[R], *gradients[R];
    float *dqueries[R], ones[R], *shares = scratch, *dscores = scratch + BLOCK * stride;
    int64_t least, most;
    find_range<R>(rows, least, most);
    for (int r = 0; r < R; r++) {
        queries[r] = rows[r].query;
        gradients[r] = rows[r].gradient;
        dqueries[r] = rows[r].query_gradient;
    }
    dots<R>(queries, key_columns + least, stride, size, most - least, shares + least, stride);
    dots<R>(gradients, value_columns + least, stride, size, most - least, dscores + least, stride);
    for (int r = 0; r < R; r++) {
        float *p = shares + r * stride, *ds = dscores + r * stride, log_sum = *rows[r].log_sum;
        int64_t first = rows[r].first, count = rows[r].count;
        float along = dot(rows[r].out, gradients[r], size);
        for (int64_t j = least; j < most; j += LANES) {
            Lanes share = sound_exponential(lanes(p + j) * scale - log_sum);
            Lanes change = share * (lanes(ds + j) - along) * scale;
            lanes(p + j) = lanes_of_range(share, j, first, count, 0);
            lanes(ds + j) = lanes_of_range(change, j, first, count, 0);
        }
        ones[r] = 1;
    }
    const int64_t seen = most - least, start = least * step;
    mix<R>(dscores + least, stride, keys + start, step, seen, size, ones, dqueries);
    spread<R>(dscores + least, stride, queries, seen, size, dkeys + start, step);
    spread<R>(shares + least, stride, gradients, seen, size, dvalues + start, step);
}

template <int R>
INLINE void share_block(const Row *rows, const float *key_columns, int64_t stride, int64_t size, float scale,
                        float *shares) {
    float sums[R];
    exponentiate_block<R>(rows, key_columns, stride, size, scale, shares, stride, sums);
    for (int r = 0; r < R; r++) {
        float each = 1 / sums[r];
        for (int64_t j = 0; j < rows[r].count; j++) shares[r * stride + j] *= each;
    }
}

}  // namespace

EVERY_PROCESSOR
void turn_tokens(const float *in, float *out, const float *cosines, const float *sines, int64_t tokens,
                 int64_t turned_heads, int64_t copied_heads, int64_t size, float direction) {
    int64_t half = size / 2;
    for (int64_t t = 0; t < tokens; t++, cosines += half, sines += half) {
        for (int64_t h = 0; h < turned_heads; h++, in += size, out += size) {
            for (int64_t i = 0; i < half; i++) {
                float c = cosines[i], s = sines[i] * direction, a = in[i], b = in[half + i];
                out[i] = a * c - b * s;
                out[half + i] = b * c + a * s;
            }
        }
        std::copy_n(in, copied_heads * size, out);
        in += copied_heads * size;
        out += copied_heads * size;
    }
}

EVERY_PROCESSOR
void attend(const Row *rows, int64_t row_count, const float *key_columns, int64_t stride, const float *values,
            int64_t step, int64_t size, float scale, float *scratch, int64_t scratch_stride) {
    int64_t i = 0;
    for (; i + BLOCK <= row_count; i += BLOCK) {
        attend_block<BLOCK>(rows + i, key_columns, stride, values, step, size, scale, scratch, scratch_stride);
    }
    if (i + 2 <= row_count) {
        attend_block<2>(rows + i, key_columns, stride, values, step, size, scale, scratch, scratch_stride);
        i += 2;
    }
    if (i < row_count) {
        attend_block<1>(rows + i, key_columns, stride, values, step, size, scale, scratch, scratch_stride);
    }
}

EVERY_PROCESSOR
void share(const Row *rows, int64_t row_count, const float *key_columns, int64_t stride, int64_t size, float scale,
           float *shares) {
    int64_t i = 0;
    for (; i + BLOCK <= row_count; i += BLOCK) {
        share_block<BLOCK>(rows + i, key_columns, stride, size, scale, shares + i * stride);
    }
    for (; i < row_count; i++) share_block<1>(rows + i, key_columns, stride, size, scale, shares + i * stride);
}

EVERY_PROCESSOR
void differentiate(const Row *rows, int64_t row_count, const float *key_columns, const float *value_columns,
                   int64_t stride, const float *keys, float *dkeys, float *dvalues, int64_t step, int64_t size,
                   float scale, float *scratch) {
    int64_t i = 0;
    for (; i + BLOCK <= row_count; i += BLOCK) {
        differentiate_block<BLOCK>(rows + i, key_columns, value_columns, stride, keys, dkeys,
                                   dvalues, step, size, scale, scratch);
    }
    if (i + 2 <= row_count) {
        differentiate_block<2>(rows + i, key_columns, value_columns, stride, keys, dkeys, dvalues, step, size, scale,
                               scratch);
        i += 2;
    }
    if (i < row_count) {
        differentiate_block<1>(rows + i, key_columns, value_columns, stride, keys, dkeys, dvalues, step, size, scale,
                               scratch);
    }
}

}  // namespace ctorch
