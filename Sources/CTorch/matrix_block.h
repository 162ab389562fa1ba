// What the kernels of packed matrices have in common: one block of rows against one tile of columns.
#pragma once

#include "matrix.h"

#include <bit>
#include <cmath>

namespace matrix {

/// Where one block of rows meets one tile of columns.
struct Block {
    const uint8_t *rows;         // the first; `row_bytes` apart
    int64_t row_bytes;
    int64_t inputs;              // padded
    const uint8_t *tile;
    const float *tile_scales;
    const int32_t *sums;         // of the first row's values, in groups
    int64_t groups;
    int32_t (*totals)[TILE];     // 8 bits: receives the sums of products
    float (*parts)[TILE];        // else: receives the sums
    const uint8_t *ahead;        // what is read next; null where nothing is to be fetched
    int64_t lines_ahead;         // cache lines to fetch at every step
};

using BlockKernel = void (*)(const Block &);

constexpr int ROWS = 6;  // most rows of a block: 6 x 4 registers of sums, 4 of weights, 1 of activations

struct Kernel {
    const char *name;
    BlockKernel by32[ROWS + 1];
    BlockKernel by16[ROWS + 1];
    BlockKernel by8[ROWS + 1];
    BlockKernel by4[ROWS + 1];
    /// Writes round(x / scale) of -127 to 127 and returns the scale, max|x| / 127. A row with a value that is not finite
    /// has NaN for its scale, so that what comes of it is NaN too.
    float (*quantize)(const float *, int8_t *, int64_t);
};

/// The scale of a row and its inverse, of the greatest magnitude's bits. Bits order NaN above infinity above all else.
struct RowScale {
    float scale, inverse;

    explicit RowScale(uint32_t greatest_bits) {
        float greatest = std::bit_cast<float>(greatest_bits);
        bool usable = std::isfinite(greatest) && greatest > 0;
        scale = std::isfinite(greatest) ? greatest / 127 : std::bit_cast<float>(0x7FC00000u);
        inverse = usable ? 127 / greatest : 0;
    }
};

#define ROW_VARIANTS(kernel) {nullptr, kernel<1>, kernel<2>, kernel<3>, kernel<4>, kernel<5>, kernel<6>}

extern const Kernel plain;
#if defined(__x86_64__)
extern const Kernel avx2, vnni;
#endif

/// The plain kernel's parts, for those that have no quicker ones.
float plain_quantize(const float *x, int8_t *out, int64_t size);
void plain_by32(const Block &block, int rows);
void plain_by16(const Block &block, int rows);

/// The kernel in use.
const Kernel &current_kernel();

/// Sums of stretches of `width`.
void add_up(const int8_t *values, int64_t size, int64_t width, int32_t *sums);

}  // namespace matrix
