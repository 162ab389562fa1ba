// Packed matrices on any processor; the bits that the other kernels are held to.
#include "lanes.h"
#include "matrix_block.h"

#include <algorithm>
#include <cstring>

namespace matrix {

namespace {

using ctorch::Lanes;
using ctorch::lanes;

template <int rows> void plain8(const Block &b) {
    for (int r = 0; r < rows; r++) {
        int32_t sums[TILE] = {};
        const auto *row = reinterpret_cast<const int8_t *>(b.rows + r * b.row_bytes);
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
            const auto *row = reinterpret_cast<const int8_t *>(b.rows + r * b.row_bytes) + g * GROUP;
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

EVERY_PROCESSOR
void row_by32(const float *row, const float *tile, int64_t inputs, float *out) {
    Lanes sums[4] = {};
    for (int64_t k = 0; k < inputs; k++) {
        for (int q = 0; q < 4; q++) sums[q] += row[k] * lanes(tile + k * TILE + q * 16);
    }
    for (int q = 0; q < 4; q++) lanes(out + q * 16) = sums[q];
}

inline float widened(uint32_t half) { return std::bit_cast<float>(half << 16); }

/// In the order of the processors that have an instruction for it: of two inputs, the second comes first.
EVERY_PROCESSOR
void row_by16(const uint16_t *row, const uint16_t *tile, int64_t inputs, float *out) {
    float sums[TILE] = {};
    for (int64_t k = 0; k < inputs; k += 2) {
        float first = widened(row[k]), second = widened(row[k + 1]);
        const uint16_t *w = tile + k * TILE;
        for (int64_t c = 0; c < TILE; c++) {
            sums[c] += second * widened(w[2 * c + 1]);
            sums[c] += first * widened(w[2 * c]);
        }
    }
    std::memcpy(out, sums, sizeof sums);
}

template <int rows> void plain32(const Block &b) { plain_by32(b, rows); }
template <int rows> void plain16(const Block &b) { plain_by16(b, rows); }

}  // namespace

void plain_by32(const Block &b, int rows) {
    for (int r = 0; r < rows; r++) {
        row_by32(reinterpret_cast<const float *>(b.rows + r * b.row_bytes), reinterpret_cast<const float *>(b.tile),
                 b.inputs, b.parts[r]);
    }
}

void plain_by16(const Block &b, int rows) {
    for (int r = 0; r < rows; r++) {
        row_by16(reinterpret_cast<const uint16_t *>(b.rows + r * b.row_bytes),
                 reinterpret_cast<const uint16_t *>(b.tile), b.inputs, b.parts[r]);
    }
}

float plain_quantize(const float *x, int8_t *out, int64_t size) {
    uint32_t greatest = 0;
    for (int64_t i = 0; i < size; i++) greatest = std::max(greatest, std::bit_cast<uint32_t>(x[i]) & 0x7FFFFFFF);
    RowScale row(greatest);
    for (int64_t i = 0; i < size; i++) {
        out[i] = row.inverse == 0 ? 0 : static_cast<int8_t>(std::nearbyint(x[i] * row.inverse));
    }
    return row.scale;
}

extern const Kernel plain{"plain",        ROW_VARIANTS(plain32), ROW_VARIANTS(plain16), ROW_VARIANTS(plain8),
                          ROW_VARIANTS(plain4), plain_quantize};

}  // namespace matrix
