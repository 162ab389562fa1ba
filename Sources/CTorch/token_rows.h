// Steps between a transformer's matrix products, row by row: what training, scoring and the row engine share.
#pragma once

#include <cstdint>

namespace ctorch {

/// out = x / rms(x) * weight for rows of `size` (Zhang and Sennrich 2019, arXiv:1910.07467, equation 4); `scales`
/// receives 1 / rms of each.
void rms_norm_rows(const float *x, const float *weight, float *out, float *scales, int64_t rows, int64_t size,
                   double eps);

/// `rms_norm_rows` of sums = x + change: a residual connection and the norm behind it.
void add_rms_norm_rows(const float *x, const float *change, const float *weight, float *sums, float *out,
                       float *scales, int64_t rows, int64_t size, double eps);

/// out = silu(first half) * second half, for rows of 2 `size` (Shazeer 2020, arXiv:2002.05202, equation 6).
void swiglu_rows(const float *x, float *out, int64_t rows, int64_t size);

}  // namespace ctorch
