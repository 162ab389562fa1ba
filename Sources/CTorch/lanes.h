// Sixteen floats at a time, in a form that becomes vector instructions of whichever processor a function is compiled
// for: two to four of the narrower ones where there are no wide ones.
#pragma once

#include "elementwise.h"

#include <cstdint>
#include <utility>

// How such values are passed would depend on the processor; nothing here is ever called, all is inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#define INLINE inline __attribute__((always_inline))

namespace ctorch {

constexpr int64_t LANES = 16;

typedef float Lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(alignof(float)), may_alias));
typedef int32_t LanesOfInt __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(alignof(int32_t)), may_alias));

INLINE Lanes &lanes(float *p) { return *reinterpret_cast<Lanes *>(p); }
INLINE const Lanes &lanes(const float *p) { return *reinterpret_cast<const Lanes *>(p); }

/// `x` with `rest` outside of lanes `first` to `count`.
INLINE Lanes lanes_between(const Lanes &x, int64_t first, int64_t count, float rest) {
    constexpr LanesOfInt PLACES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    LanesOfInt isBetween = (PLACES >= static_cast<int32_t>(first)) & (PLACES < static_cast<int32_t>(count));
    return isBetween ? x : Lanes{} + rest;
}

/// `x`, which stands at place `at`, with `rest` outside of places `first` to `count`.
INLINE Lanes lanes_of_range(const Lanes &x, int64_t at, int64_t first, int64_t count, float rest) {
    return at >= first && at + LANES <= count ? x : lanes_between(x, first - at, count - at, rest);
}

/// The first `count` floats from `p` on, and `rest` behind them.
INLINE Lanes some_lanes(const float *p, int64_t count, float rest) {
    if (count >= LANES) return lanes(p);
    Lanes result = Lanes{} + rest;
    for (int64_t i = 0; i < count; i++) result[i] = p[i];
    return result;
}

// Of one that is no number and another, the second.
INLINE Lanes larger(const Lanes &a, const Lanes &b) { return a > b ? a : b; }
INLINE Lanes smaller(const Lanes &a, const Lanes &b) { return a < b ? a : b; }

/// As the scalar one, to the bit.
INLINE Lanes exponential(Lanes x) {
    x = smaller(Lanes{} + 88.0f, larger(Lanes{} - 87.0f, x));
    Lanes n = __builtin_elementwise_nearbyint(x * 1.44269504f);
    Lanes r = x - n * 0.693359375f + n * 2.12194440e-4f;
    Lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    LanesOfInt bits = (__builtin_convertvector(n, LanesOfInt) + 127) << 23;
    return p * reinterpret_cast<Lanes &>(bits);
}

template <int B, int... L>
INLINE Lanes lower_blocks(const Lanes &a, const Lanes &b, std::integer_sequence<int, L...>) {
    return __builtin_shufflevector(a, b, ((L & B) ? L - B + int(LANES) : L)...);
}

template <int B, int... L>
INLINE Lanes upper_blocks(const Lanes &a, const Lanes &b, std::integer_sequence<int, L...>) {
    return __builtin_shufflevector(a, b, ((L & B) ? L + int(LANES) : L + B)...);
}

using AllLanes = std::make_integer_sequence<int, LANES>;

/// Halves from halves, in one order whatever the processor.
INLINE float sum_of(Lanes x) {
    x += upper_blocks<8>(x, x, AllLanes{});
    x += upper_blocks<4>(x, x, AllLanes{});
    x += upper_blocks<2>(x, x, AllLanes{});
    return x[0] + x[1];
}

INLINE float largest_of(Lanes x) {
    x = larger(x, upper_blocks<8>(x, x, AllLanes{}));
    x = larger(x, upper_blocks<4>(x, x, AllLanes{}));
    x = larger(x, upper_blocks<2>(x, x, AllLanes{}));
    return std::max(x[0], x[1]);
}

template <int B>
INLINE void swap_blocks(Lanes *rows) {
    for (int i = 0; i < LANES; i++) {
        if (i & B) continue;
        Lanes a = rows[i], b = rows[i + B];
        rows[i] = lower_blocks<B>(a, b, AllLanes{});
        rows[i + B] = upper_blocks<B>(a, b, AllLanes{});
    }
}

/// Sixteen rows as sixteen columns.
INLINE void transpose(Lanes *rows) {
    swap_blocks<8>(rows);
    swap_blocks<4>(rows);
    swap_blocks<2>(rows);
    swap_blocks<1>(rows);
}

}  // namespace ctorch
