// What the kernels of quantized layers have in common: one block of rows against one tile of columns.
#pragma once

#include "quantized.h"

#include <bit>
#include <cmath>

namespace quantized {

/// Where one block of rows meets one tile of columns.
struct Block {
    const int8_t *values;        // first row
    int64_t inputs;
    const uint8_t *tile;
    const float *tile_scales;
    const int32_t *sums;         // of the first row
    int64_t groups;
    int32_t (*totals)[TILE];     // 8 bits: receives the sums of products
    float (*parts)[TILE];        // 4 bits: receives the scaled sums
    const uint8_t *ahead;        // what the next tile begins with; null where nothing is to be fetched
    int64_t lines_ahead;         // cache lines to fetch at every step
};

using BlockKernel = void (*)(const Block &);

constexpr int ROWS = 6;  // most rows of a block: 6 x 4 registers of sums, 4 of weights, 1 of activations

struct Kernel {
    const char *name;
    BlockKernel by8[ROWS + 1];
    BlockKernel by4[ROWS + 1];
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

/// The plain kernel's way to quantize a row, for those that have no quicker one.
float plain_quantize(const float *x, int8_t *out, int64_t size);

}  // namespace quantized
