#include "allowed.h"

#include <algorithm>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ctorch {

namespace {

/// A word of the mask without bits behind the row's end.
inline uint64_t word_of(const uint64_t *mask, int64_t size, int64_t word) {
    int64_t rest = size - word * 64;
    return rest >= 64 ? mask[word] : mask[word] & ((uint64_t{1} << rest) - 1);
}

int64_t gather_plain(const float *row, int64_t size, const uint64_t *mask, float *out) {
    int64_t count = 0;
    for (int64_t word = 0; word * 64 < size; word++) {
        uint64_t bits = word_of(mask, size, word);
        const float *from = row + word * 64;
        if (bits == ~uint64_t{0}) {
            std::copy_n(from, 64, out + count);
            count += 64;
            continue;
        }
        for (; bits != 0; bits &= bits - 1) out[count++] = from[std::countr_zero(bits)];
    }
    return count;
}

#if defined(__x86_64__)

__attribute__((target("avx512f,popcnt")))
int64_t gather_wide(const float *row, int64_t size, const uint64_t *mask, float *out) {
    int64_t count = 0;
    for (int64_t word = 0; word * 64 < size; word++) {
        uint64_t bits = word_of(mask, size, word);
        for (const float *from = row + word * 64; bits != 0; bits >>= 16, from += 16) {
            auto some = static_cast<__mmask16>(bits);
            _mm512_storeu_ps(out + count, _mm512_maskz_compress_ps(some, _mm512_maskz_loadu_ps(some, from)));
            count += __builtin_popcount(some);
        }
    }
    return count;
}

#endif

}  // namespace

int64_t gather_allowed(const float *row, int64_t size, const uint64_t *mask, float *out) {
#if defined(__x86_64__)
    static const bool is_wide = __builtin_cpu_supports("avx512f");
    if (is_wide) return gather_wide(row, size, mask, out);
#endif
    return gather_plain(row, size, mask, out);
}

int32_t allowed_token(const uint64_t *mask, int64_t place) {
    int64_t word = 0;
    for (int64_t here; place >= (here = std::popcount(mask[word])); word++) place -= here;
    uint64_t bits = mask[word];
    for (; place > 0; place--) bits &= bits - 1;
    return static_cast<int32_t>(word * 64 + std::countr_zero(bits));
}

int64_t allowed_place(const uint64_t *mask, int64_t size, int64_t token) {
    if (token < 0 || token >= size || (mask[token / 64] >> (token % 64) & 1) == 0) return -1;
    int64_t place = std::popcount(mask[token / 64] & ((uint64_t{1} << (token % 64)) - 1));
    for (int64_t word = 0; word < token / 64; word++) place += std::popcount(mask[word]);
    return place;
}

}  // namespace ctorch
