// What the kernels of this target share: processors, and an exponential that compilers vectorize.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

// Compiled for several processors at once; the loader picks.
#if defined(__x86_64__) && defined(__linux__)
#define EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_PROCESSOR
#endif

namespace ctorch {

/// e^x to about one unit in the last place, in a form that compilers vectorize: 2^n times a polynomial.
inline float exponential(float x) {
    x = std::min(88.0f, std::max(-87.0f, x));
    float n = std::nearbyintf(x * 1.44269504f);
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
    float power;
    __builtin_memcpy(&power, &bits, sizeof power);
    return p * power;
}

}  // namespace ctorch
