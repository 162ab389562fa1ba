// Quantized layers on any processor; the bits that the other kernels are held to.
#include "quantized_block.h"

#include <algorithm>
#include <cstring>

namespace quantized {

namespace {

template <int rows> void plain8(const Block &b) {
    for (int r = 0; r < rows; r++) {
        int32_t sums[TILE] = {};
        const int8_t *row = b.values + r * b.inputs;
        for (int64_t k = 0; k < b.inputs; k += 4) {
            const uint8_t *w = b.tile + k * TILE;
            for (int64_t c = 0; c < TILE; c++) {
                for (int i = 0; i < 4; i++) sums[c] += static_cast<int32_t>(w[c * 4 + i]) * row[k + i];
            }
        }
        std::memcpy(b.totals[r], sums, sizeof sums);
    }
}

template <int rows> void plain4(const Block &b) {
    for (int r = 0; r < rows; r++) {
        float parts[TILE] = {};
        for (int64_t g = 0; g < b.groups; g++) {
            int32_t sums[TILE] = {};
            const int8_t *row = b.values + r * b.inputs + g * GROUP;
            for (int64_t k = 0; k < GROUP; k += 8) {
                const uint8_t *w = b.tile + (g * GROUP + k) * TILE / 2;
                for (int64_t c = 0; c < TILE; c++) {
                    for (int i = 0; i < 4; i++) {
                        sums[c] += (w[c * 4 + i] & 15) * row[k + i] + (w[c * 4 + i] >> 4) * row[k + 4 + i];
                    }
                }
            }
            int32_t offset = 8 * b.sums[r * b.groups + g];
            for (int64_t c = 0; c < TILE; c++) {
                parts[c] = std::fma(static_cast<float>(sums[c] - offset), b.tile_scales[g * TILE + c], parts[c]);
            }
        }
        std::memcpy(b.parts[r], parts, sizeof parts);
    }
}

}  // namespace

float plain_quantize(const float *x, int8_t *out, int64_t size) {
    uint32_t greatest = 0;
    for (int64_t i = 0; i < size; i++) greatest = std::max(greatest, std::bit_cast<uint32_t>(x[i]) & 0x7FFFFFFF);
    RowScale row(greatest);
    for (int64_t i = 0; i < size; i++) {
        out[i] = row.inverse == 0 ? 0 : static_cast<int8_t>(std::nearbyint(x[i] * row.inverse));
    }
    return row.scale;
}

extern const Kernel plain{"plain", ROW_VARIANTS(plain8), ROW_VARIANTS(plain4), plain_quantize};

}  // namespace quantized
