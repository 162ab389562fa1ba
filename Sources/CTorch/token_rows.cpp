#include "token_rows.h"

#include "elementwise.h"

namespace ctorch {

EVERY_PROCESSOR
void rms_norm_rows(const float *x, const float *weight, float *out, float *scales, int64_t rows, int64_t size,
                   double eps) {
#pragma clang fp reassociate(on)
    for (int64_t r = 0; r < rows; r++, x += size, out += size) {
        float squares = 0;
        for (int64_t i = 0; i < size; i++) squares += x[i] * x[i];
        float scale = static_cast<float>(1 / std::sqrt(squares / size + eps));
        scales[r] = scale;
        for (int64_t i = 0; i < size; i++) out[i] = x[i] * scale * weight[i];
    }
}

EVERY_PROCESSOR
void swiglu_rows(const float *x, float *out, int64_t rows, int64_t size) {
    for (int64_t r = 0; r < rows; r++, x += 2 * size, out += size) {
        for (int64_t i = 0; i < size; i++) out[i] = x[i] / (1 + exponential(-x[i])) * x[size + i];
    }
}

}  // namespace ctorch
