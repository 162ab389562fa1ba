// Packed matrices on processors with AVX2.
#if defined(__x86_64__)

#include "matrix_block.h"

#include <immintrin.h>

#include <cstring>

#define AVX2 __attribute__((target("avx2,fma")))

namespace matrix {

namespace {

/// Adds the products of four inputs of eight columns: bytes become 16 bits first, since vpmaddubsw would saturate.
AVX2 inline __m256i add_products(__m256i sums, __m128i weights, __m256i inputs) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_cvtepu8_epi16(weights), inputs));
}

AVX2 inline const int8_t *values(const Block &b, int r) {
    return reinterpret_cast<const int8_t *>(b.rows + r * b.row_bytes);
}

/// Four inputs, as 16 bits, four times over.
AVX2 inline __m256i spread(const int8_t *inputs) {
    int32_t four;
    std::memcpy(&four, inputs, 4);
    return _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(_mm_cvtsi32_si128(four)));
}

template <int rows> AVX2 void avx2_by8(const Block &b) {
    for (int64_t c = 0; c < TILE; c += 8) {
        __m256i sums[rows][2];
        for (auto &row : sums) row[0] = row[1] = _mm256_setzero_si256();
        for (int64_t k = 0; k < b.inputs; k += 4) {
            const auto *w = reinterpret_cast<const __m128i *>(b.tile + k * TILE + c * 4);
            for (int r = 0; r < rows; r++) {
                __m256i inputs = spread(values(b, r) + k);
                for (int h = 0; h < 2; h++) sums[r][h] = add_products(sums[r][h], _mm_loadu_si128(w + h), inputs);
            }
        }
        for (int r = 0; r < rows; r++) {
            __m256i pairs = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[r][0], sums[r][1]), 0xD8);
            _mm256_storeu_si256(reinterpret_cast<__m256i *>(b.totals[r] + c), pairs);
        }
    }
}

template <int rows> AVX2 void avx2_by4(const Block &b) {
    const __m128i low = _mm_set1_epi8(15);
    for (int64_t c = 0; c < TILE; c += 8) {
        __m256 parts[rows];
        for (auto &part : parts) part = _mm256_setzero_ps();
        for (int64_t g = 0; g < b.groups; g++) {
            __m256i sums[rows][2];
            for (auto &row : sums) row[0] = row[1] = _mm256_setzero_si256();
            for (int64_t k = g * GROUP; k < (g + 1) * GROUP; k += 8) {
                const auto *w = reinterpret_cast<const __m128i *>(b.tile + k * TILE / 2 + c * 4);
                for (int r = 0; r < rows; r++) {
                    __m256i first = spread(values(b, r) + k);
                    __m256i second = spread(values(b, r) + k + 4);
                    for (int h = 0; h < 2; h++) {
                        __m128i both = _mm_loadu_si128(w + h);
                        sums[r][h] = add_products(sums[r][h], _mm_and_si128(both, low), first);
                        __m128i upper = _mm_and_si128(_mm_srli_epi16(both, 4), low);
                        sums[r][h] = add_products(sums[r][h], upper, second);
                    }
                }
            }
            __m256 scales = _mm256_loadu_ps(b.tile_scales + g * TILE + c);
            for (int r = 0; r < rows; r++) {
                __m256i pairs = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[r][0], sums[r][1]), 0xD8);
                __m256i offset = _mm256_set1_epi32(8 * b.sums[r * b.groups + g]);
                parts[r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(pairs, offset)), scales, parts[r]);
            }
        }
        for (int r = 0; r < rows; r++) _mm256_storeu_ps(b.parts[r] + c, parts[r]);
    }
}

template <int rows> void avx2_by32(const Block &b) { plain_by32(b, rows); }
template <int rows> void avx2_by16(const Block &b) { plain_by16(b, rows); }

}  // namespace

extern const Kernel avx2{"avx2", ROW_VARIANTS(avx2_by32), ROW_VARIANTS(avx2_by16), ROW_VARIANTS(avx2_by8),
                         ROW_VARIANTS(avx2_by4), plain_quantize};

}  // namespace matrix

#endif
