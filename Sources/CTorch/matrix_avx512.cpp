// Packed matrices on processors with AVX-512 and its dot products of bytes (VNNI) and of 16-bit numbers.
#if defined(__x86_64__)

#include "matrix_block.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,fma")))

#define BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx512bf16,fma")))

namespace matrix {

namespace {

template <typename Value> inline const Value *values(const Block &b, int r) {
    return reinterpret_cast<const Value *>(b.rows + r * b.row_bytes);
}

VNNI inline __m512i broadcast(const void *inputs) {
    int32_t four;
    std::memcpy(&four, inputs, 4);
    return _mm512_set1_epi32(four);
}

/// Fetches the next tile while this one is computed: without it, memory and arithmetic take turns.
VNNI inline const uint8_t *fetch_ahead(const uint8_t *ahead, int64_t lines) {
    for (int64_t line = 0; line < lines; line++, ahead += 64) _mm_prefetch(ahead, _MM_HINT_T1);
    return ahead;
}

template <int rows> VNNI void vnni_by32(const Block &b) {
    __m512 sums[rows][4];
    for (auto &row : sums) std::fill_n(row, 4, _mm512_setzero_ps());
    const uint8_t *ahead = b.ahead;
    for (int64_t k = 0; k < b.inputs; k++) {
        ahead = fetch_ahead(ahead, b.lines_ahead);
        __m512 w[4];
        for (int q = 0; q < 4; q++) w[q] = _mm512_loadu_ps(b.tile + k * TILE * 4 + q * 64);
        for (int r = 0; r < rows; r++) {
            __m512 input = _mm512_set1_ps(values<float>(b, r)[k]);
            for (int q = 0; q < 4; q++) sums[r][q] = _mm512_fmadd_ps(input, w[q], sums[r][q]);
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int q = 0; q < 4; q++) _mm512_storeu_ps(b.parts[r] + q * 16, sums[r][q]);
    }
}

template <int rows> BF16 void bf16_by16(const Block &b) {
    __m512 sums[rows][4];
    for (auto &row : sums) std::fill_n(row, 4, _mm512_setzero_ps());
    const uint8_t *ahead = b.ahead;
    for (int64_t k = 0; k < b.inputs; k += 2) {
        ahead = fetch_ahead(ahead, b.lines_ahead);
        __m512bh w[4];
        for (int q = 0; q < 4; q++) w[q] = (__m512bh)_mm512_loadu_si512(b.tile + k * TILE * 2 + q * 64);
        for (int r = 0; r < rows; r++) {
            __m512bh inputs = (__m512bh)broadcast(values<uint16_t>(b, r) + k);
            for (int q = 0; q < 4; q++) sums[r][q] = _mm512_dpbf16_ps(sums[r][q], w[q], inputs);
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int q = 0; q < 4; q++) _mm512_storeu_ps(b.parts[r] + q * 16, sums[r][q]);
    }
}

template <int rows> void vnni_by16(const Block &b) {
    static const bool has_dot = __builtin_cpu_supports("avx512bf16");
    if (has_dot) return bf16_by16<rows>(b);
    plain_by16(b, rows);
}

template <int rows> VNNI void vnni_by8(const Block &b) {
    __m512i sums[rows][4];
    for (auto &row : sums) std::fill_n(row, 4, _mm512_setzero_si512());
    const uint8_t *ahead = b.ahead;
    for (int64_t k = 0; k < b.inputs; k += 4) {
        ahead = fetch_ahead(ahead, b.lines_ahead);
        __m512i w[4];
        for (int q = 0; q < 4; q++) w[q] = _mm512_loadu_si512(b.tile + k * TILE + q * 64);
        for (int r = 0; r < rows; r++) {
            __m512i inputs = broadcast(values<int8_t>(b, r) + k);
            for (int q = 0; q < 4; q++) sums[r][q] = _mm512_dpbusd_epi32(sums[r][q], w[q], inputs);
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int q = 0; q < 4; q++) _mm512_storeu_si512(b.totals[r] + q * 16, sums[r][q]);
    }
}

/// As many columns at once as registers hold sums and parts of.
template <int rows, int width> VNNI inline void vnni_by4_columns(const Block &b, int64_t column) {
    const __m512i low = _mm512_set1_epi8(15);
    __m512 parts[rows][width];
    for (auto &row : parts) std::fill_n(row, width, _mm512_setzero_ps());
    const uint8_t *ahead = b.ahead;
    for (int64_t g = 0; g < b.groups; g++) {
        __m512i sums[rows][width];
        for (int r = 0; r < rows; r++) {
            std::fill_n(sums[r], width, _mm512_set1_epi32(-8 * b.sums[r * b.groups + g]));
        }
        for (int64_t k = g * GROUP; k < (g + 1) * GROUP; k += 8) {
            ahead = fetch_ahead(ahead, b.lines_ahead);
            __m512i lower[width], upper[width];
            for (int q = 0; q < width; q++) {
                __m512i both = _mm512_loadu_si512(b.tile + k * TILE / 2 + column * 4 + q * 64);
                lower[q] = _mm512_and_si512(both, low);
                upper[q] = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
            }
            for (int r = 0; r < rows; r++) {
                __m512i first = broadcast(values<int8_t>(b, r) + k);
                __m512i second = broadcast(values<int8_t>(b, r) + k + 4);
                for (int q = 0; q < width; q++) {
                    sums[r][q] = _mm512_dpbusd_epi32(sums[r][q], lower[q], first);
                    sums[r][q] = _mm512_dpbusd_epi32(sums[r][q], upper[q], second);
                }
            }
        }
        for (int q = 0; q < width; q++) {
            __m512 scales = _mm512_loadu_ps(b.tile_scales + g * TILE + column + q * 16);
            for (int r = 0; r < rows; r++) {
                parts[r][q] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r][q]), scales, parts[r][q]);
            }
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int q = 0; q < width; q++) _mm512_storeu_ps(b.parts[r] + column + q * 16, parts[r][q]);
    }
}

template <int rows> VNNI void vnni_by4(const Block &b) {
    constexpr int width = rows <= 2 ? 4 : 2;
    for (int64_t column = 0; column < TILE; column += width * 16) vnni_by4_columns<rows, width>(b, column);
}

VNNI float vnni_quantize(const float *x, int8_t *out, int64_t size) {
    const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
    __m512i greatest = _mm512_setzero_si512();
    auto mask = [](int64_t left) { return static_cast<__mmask16>(left >= 16 ? 0xFFFF : (1 << left) - 1); };
    for (int64_t i = 0; i < size; i += 16) {
        __m512i bits = _mm512_maskz_loadu_epi32(mask(size - i), x + i);
        greatest = _mm512_max_epu32(greatest, _mm512_and_si512(bits, magnitude));
    }
    RowScale row(_mm512_reduce_max_epu32(greatest));
    if (row.inverse == 0) {
        std::memset(out, 0, size);
        return row.scale;
    }
    for (int64_t i = 0; i < size; i += 16) {
        __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask(size - i), x + i), _mm512_set1_ps(row.inverse));
        _mm_mask_storeu_epi8(out + i, mask(size - i), _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(scaled)));
    }
    return row.scale;
}

}  // namespace

extern const Kernel vnni{"avx512_vnni",         ROW_VARIANTS(vnni_by32), ROW_VARIANTS(vnni_by16), ROW_VARIANTS(vnni_by8),
                         ROW_VARIANTS(vnni_by4), vnni_quantize};

}  // namespace matrix

#endif
