// The kernels of quantized linear layers: one for each kind of processor, all with the same bits.
#pragma once

#include <cstdint>

namespace quantized {

constexpr int64_t TILE = 64;   // columns that stand together
constexpr int64_t GROUP = 64;  // inputs that share a scale, where weights have 4 bits

/// out[M, N] = x[M, K] · weightᵀ + bias, of quantized rows and a packed weight.
struct Product {
    const int8_t *values;         // [M, K]
    const float *row_scales;      // [M]
    const int32_t *sums;          // [M] for 8 bits, [M, K / GROUP] for 4
    const uint8_t *weight;        // tiles
    const float *weight_scales;   // [tiles, TILE] for 8 bits, [tiles, K / GROUP, TILE] for 4
    const float *bias;            // [N], or null
    float *out;                   // [M, N]
    int64_t rows, inputs, outputs;
};

/// Computes the tiles begin..<end of columns.
void multiply(const Product &product, int bits, int64_t begin, int64_t end);

/// Writes round(x / scale) of -127 to 127 and returns the scale, max|x| / 127. A row with a value that is not finite has
/// NaN for its scale, so that what comes of it is NaN too.
float quantize_row(const float *x, int8_t *out, int64_t size);

/// Sums of stretches of `width`.
void add_up(const int8_t *values, int64_t size, int64_t width, int32_t *sums);

/// The kernel in use: "avx512_vnni", "avx2" or "plain", the first that this processor has and that agrees with "plain".
const char *kernel_name();

/// Takes another kernel, for tests and comparisons; false where this processor has it not.
bool use_kernel(const char *name);

}  // namespace quantized
