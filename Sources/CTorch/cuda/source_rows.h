R"cuda(
// Rows between the products: what each computes depends on the row alone.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

constexpr int THREADS = 256, WARPS = THREADS / 32;

// A kernel is started while the one before it still runs, where the device has that: what it reads of it, it reads
// behind this. And it lets the next one start.
__device__ inline void await_earlier() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

__device__ inline float sum_of_warp(float value) {
    for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(~0u, value, step);
    return value;
}

__device__ inline u32 magnitude(float value) { return __float_as_uint(value) & 0x7FFFFFFF; }

__device__ inline u32 greatest_of_warp(u32 value) {
    for (int step = 16; step > 0; step /= 2) value = max(value, __shfl_xor_sync(~0u, value, step));
    return value;
}

__device__ inline float sum_of_block(float value) {
    __shared__ float parts[WARPS];
    value = sum_of_warp(value);
    __syncthreads();
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    float sum = 0;
    for (int i = 0; i < WARPS; i++) sum += parts[i];
    return sum;
}

__device__ inline u32 greatest_of_block(u32 value) {
    __shared__ u32 parts[WARPS];
    value = greatest_of_warp(value);
    __syncthreads();
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    u32 greatest = 0;
    for (int i = 0; i < WARPS; i++) greatest = max(greatest, parts[i]);
    return greatest;
}

// To 16 bits, to the nearest, ties to the even.
__device__ inline u32 halved(float value) {
    u32 bits = __float_as_uint(value);
    return (bits & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC0 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
}

// The scale of a row of whole numbers and its inverse, of the greatest magnitude's bits; NaN where a number is not
// finite, so that what comes of it is NaN too.
__device__ inline float2 row_scale(u32 greatest_bits) {
    float greatest = __uint_as_float(greatest_bits);
    bool is_finite = greatest_bits < 0x7F800000;
    return make_float2(is_finite ? __fdiv_rn(greatest, 127.0f) : __uint_as_float(0x7FC00000),
                       is_finite && greatest > 0 ? __fdiv_rn(127.0f, greatest) : 0.0f);
}

__device__ inline u32 whole(float value, float inverse, float threshold) {
    int rounded = inverse == 0 || fabsf(value) < threshold ? 0 : __float2int_rn(__fmul_rn(value, inverse));
    return (u32)rounded & 0xFF;
}

// Where a byte of a row stands in an operand: in tiles of 8 rows by 32 bytes, as the matrix units' second operand lies
// in a warp's registers. `tiles` are those of one row.
__device__ inline size_t place_of(int row, int byte, int tiles) {
    int in = byte % 32, lane = row % 8 * 4 + in % 16 / 4;
    return ((size_t)(row / 8) * tiles + byte / 32) * 256 + lane * 8 + in / 16 * 4 + in % 4;
}

extern "C" __global__ void embed(const float *embedding, const int *tokens, float *x, int size) {
    await_earlier();
    const float *in = embedding + (size_t)tokens[blockIdx.x] * size;
    for (int i = threadIdx.x; i < size; i += THREADS) x[(size_t)blockIdx.x * size + i] = in[i];
}

// One row as the operand of a product in `bits`; with a weight, normalized by it before. A block does it, and gives
// words of the operand with their first byte to `put`, zeros behind the last number; of a row a thread keeps KEPT times
// four numbers. Returns the scale of a row in whole numbers.
template <int KEPT, typename Put>
__device__ inline float prepare(const float *in, const float *weight, int size, int tiles, int bits, float eps,
                                float threshold, Put put) {
    int step = 4 * THREADS, first = 4 * threadIdx.x;
    auto four_of = [&](const float *from, int i) {
        if (i + 3 < size && size % 4 == 0) return *(const float4 *)(from + i);
        return make_float4(i < size ? from[i] : 0, i + 1 < size ? from[i + 1] : 0, i + 2 < size ? from[i + 2] : 0,
                           i + 3 < size ? from[i + 3] : 0);
    };
    float4 kept[KEPT];
#pragma unroll
    for (int k = 0; k < KEPT; k++) {
        if (first + k * step < size) kept[k] = four_of(in, first + k * step);
    }
    float factor = 1;
    if (weight) {
        float sum = 0;
        auto add = [&](float4 v) {
            sum = __fmaf_rn(v.x, v.x, sum);
            sum = __fmaf_rn(v.y, v.y, sum);
            sum = __fmaf_rn(v.z, v.z, sum);
            sum = __fmaf_rn(v.w, v.w, sum);
        };
#pragma unroll
        for (int k = 0; k < KEPT; k++) {
            if (first + k * step < size) add(kept[k]);
        }
        for (int i = first + KEPT * step; i < size; i += step) add(four_of(in, i));
        factor = __fdiv_rn(1.0f, __fsqrt_rn(__fadd_rn(__fdiv_rn(sum_of_block(sum), size), eps)));
    }
    auto normed = [&](float4 v, int i) {
        if (!weight) return v;
        float4 w = four_of(weight, i);
        return make_float4(__fmul_rn(__fmul_rn(v.x, factor), w.x), __fmul_rn(__fmul_rn(v.y, factor), w.y),
                           __fmul_rn(__fmul_rn(v.z, factor), w.z), __fmul_rn(__fmul_rn(v.w, factor), w.w));
    };
    float2 scale = make_float2(1, 1);
    if (bits < 16) {
        u32 greatest = 0;
        auto look = [&](float4 v) {
            greatest = max(greatest, max(max(magnitude(v.x), magnitude(v.y)), max(magnitude(v.z), magnitude(v.w))));
        };
#pragma unroll
        for (int k = 0; k < KEPT; k++) {
            if (first + k * step < size) look(normed(kept[k], first + k * step));
        }
        for (int i = first + KEPT * step; i < size; i += step) look(normed(four_of(in, i), i));
        scale = row_scale(greatest_of_block(greatest));
    }
    auto give = [&](float4 v, int i) {
        if (bits == 32) {
            put(4 * i, __float_as_uint(v.x));
            put(4 * i + 4, __float_as_uint(v.y));
            put(4 * i + 8, __float_as_uint(v.z));
            put(4 * i + 12, __float_as_uint(v.w));
        } else if (bits == 16) {
            put(2 * i, halved(v.x) | halved(v.y) << 16);
            put(2 * i + 4, halved(v.z) | halved(v.w) << 16);
        } else {
            put(i, whole(v.x, scale.y, threshold) | whole(v.y, scale.y, threshold) << 8 |
                       whole(v.z, scale.y, threshold) << 16 | whole(v.w, scale.y, threshold) << 24);
        }
    };
    int padded = bits == 32 ? size : bits == 16 ? tiles * 16 : tiles * 32;
#pragma unroll
    for (int k = 0; k < KEPT; k++) {
        int i = first + k * step;
        if (i < padded) give(i < size ? normed(kept[k], i) : make_float4(0, 0, 0, 0), i);
    }
    for (int i = first + KEPT * step; i < padded; i += step) give(normed(four_of(in, i), i), i);
    return scale.x;
}

// Rows as the operand of a product; with `read`, only those.
extern "C" __global__ void __launch_bounds__(THREADS)
    prepare_rows(const float *x, const float *weight, const int *read, u8 *operand, float *scales, int size, int tiles,
                 int bits, float eps, float threshold) {
    await_earlier();
    int row = blockIdx.x;
    const float *in = x + (size_t)(read ? read[row] : row) * size;
    float scale = prepare<8>(in, weight, size, tiles, bits, eps, threshold, [&](int byte, u32 word) {
        size_t place = bits == 32 ? (size_t)row * size * 4 + byte : place_of(row, byte, tiles);
        *(u32 *)(operand + place) = word;
    });
    if (bits < 16 && threadIdx.x == 0) scales[row] = scale;
}
)cuda"
