R"cuda(
// What the device could do: memory that is read once, and products that read none.
constexpr int ROUNDS = 4096, CHAINS = 8;

extern "C" __global__ void __launch_bounds__(THREADS) read_memory(const uint4 *memory, long long count, u32 *out) {
    u32 sum = 0;
    long long step = (long long)gridDim.x * THREADS, i = blockIdx.x * THREADS + threadIdx.x;
    for (; i + 3 * step < count; i += 4 * step) {
        uint4 a = __ldcs(memory + i), b = __ldcs(memory + i + step), c = __ldcs(memory + i + 2 * step),
              d = __ldcs(memory + i + 3 * step);
        sum += a.x ^ a.y ^ a.z ^ a.w ^ b.x ^ b.y ^ b.z ^ b.w ^ c.x ^ c.y ^ c.z ^ c.w ^ d.x ^ d.y ^ d.z ^ d.w;
    }
    if (sum == 1) out[threadIdx.x] = sum;
}

template <typename Sum, typename Multiply> __device__ inline void products(Sum *out, Multiply multiply) {
    Sum sums[CHAINS][4] = {};
    uint4 w = make_uint4(threadIdx.x, blockIdx.x, threadIdx.x + 1, blockIdx.x + 1);
    uint2 x = make_uint2(threadIdx.x + 2, threadIdx.x + 3);
    for (int round = 0; round < ROUNDS; round++) {
#pragma unroll
        for (int chain = 0; chain < CHAINS; chain++) multiply(sums[chain], w, x);
    }
    Sum sum = 0;
    for (int chain = 0; chain < CHAINS; chain++) {
        for (int i = 0; i < 4; i++) sum += sums[chain][i];
    }
    if (sum == 1) out[threadIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(THREADS) products_16(float *out) {
    products(out, [](float (&sums)[4], uint4 w, uint2 x) { multiply_halves(sums, w, x); });
}

extern "C" __global__ void __launch_bounds__(THREADS) products_8(int *out) {
    products(out, [](int (&sums)[4], uint4 w, uint2 x) { multiply_wholes(sums, w, x); });
}

extern "C" __global__ void __launch_bounds__(THREADS) products_32(float *out) {
    float a = threadIdx.x * 1e-9f, sums[CHAINS] = {};
    for (int round = 0; round < ROUNDS; round++) {
#pragma unroll
        for (int chain = 0; chain < CHAINS; chain++) sums[chain] = __fmaf_rn(sums[chain], a, a);
    }
    float sum = 0;
    for (int chain = 0; chain < CHAINS; chain++) sum += sums[chain];
    if (sum == 1) out[threadIdx.x] = sum;
}
)cuda"
