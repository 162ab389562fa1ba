#include "token_rows.h"

#include "lanes.h"

namespace ctorch {

namespace {

INLINE float sum_of_squares(const float *x, int64_t size) {
    Lanes sums = {};
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) sums += lanes(x + i) * lanes(x + i);
    float sum = sum_of(sums);
    for (; i < size; i++) sum += x[i] * x[i];
    return sum;
}

INLINE void rms_norm_row(const float *x, const float *weight, float *out, float *scale, int64_t size, double eps) {
    *scale = static_cast<float>(1 / std::sqrt(sum_of_squares(x, size) / size + eps));
    for (int64_t i = 0; i < size; i++) out[i] = x[i] * *scale * weight[i];
}

}  // namespace

EVERY_PROCESSOR
void rms_norm_rows(const float *x, const float *weight, float *out, float *scales, int64_t rows, int64_t size,
                   double eps) {
    for (int64_t r = 0; r < rows; r++, x += size, out += size) rms_norm_row(x, weight, out, scales + r, size, eps);
}

EVERY_PROCESSOR
void add_rms_norm_rows(const float *x, const float *change, const float *weight, float *sums, float *out,
                       float *scales, int64_t rows, int64_t size, double eps) {
    for (int64_t r = 0; r < rows; r++, x += size, change += size, sums += size, out += size) {
        for (int64_t i = 0; i < size; i++) sums[i] = x[i] + change[i];
        rms_norm_row(sums, weight, out, scales + r, size, eps);
    }
}

EVERY_PROCESSOR
void swiglu_rows(const float *x, float *out, int64_t rows, int64_t size) {
    for (int64_t r = 0; r < rows; r++, x += 2 * size, out += size) {
        for (int64_t i = 0; i < size; i++) out[i] = x[i] / (1 + exponential(-x[i])) * x[size + i];
    }
}

}  // namespace ctorch
