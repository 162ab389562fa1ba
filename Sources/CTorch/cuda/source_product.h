R"cuda(
// Products of rows with weights in 32, 16, 8 or 4 bits.
//
// An output's sum is cut into PARTS stretches of inputs, each added up in the order of inputs and all of them in their
// order: whether PARTS warps share one tile of outputs (few rows) or one warp does it all (many), and whatever rows are
// beside it, a row's result has the same bits.
constexpr int PARTS = WARPS;

struct Product {
    const u8 *weight;         // 16 outputs by 32 bytes of inputs together, as the matrix units' first operand lies in a
                              // warp's registers; in 4 bits, two such tiles in the two halves of each byte
    const float *scales;      // [outputs]; in 4 bits [tiles of 16 outputs, groups, 16]
    const float *bias;        // [outputs], or null
    const u8 *operand;        // of prepare_rows
    const float *row_scales;  // of rows in whole numbers
    const float *floats;      // or, for a single row, what becomes the operand, with the norm before it, or null
    const float *norm;
    const int *read;          // and which row it is, or null for the first
    const float *residual;    // added, or null
    float *out;               // [rows, width]
    u8 *halves;               // or the next product's operand in 16 bits, `half_tiles` a row
    int inputs, outputs, tiles, half_tiles, rows, width, is_gated;
    float eps, threshold;
};

// silu(gate) * up, where 16 outputs are 8 gates and their 8 ups.
__device__ inline float gated(float gate, float up) { return gate / (1 + expf(-gate)) * up; }

__device__ inline void write(const Product &p, int row, int column, float value) {
    if (p.residual) value = __fadd_rn(p.residual[(size_t)row * p.width + column], value);
    if (p.halves) {
        *(u16 *)(p.halves + place_of(row, 2 * column, p.half_tiles)) = halved(value);
    } else {
        p.out[(size_t)row * p.width + column] = value;
    }
}

template <int BITS> __device__ inline float finished(const Product &p, float sum, float row_scale, int output) {
    if constexpr (BITS == 8) sum = __fmul_rn((float)__float_as_int(sum), __fmul_rn(row_scale, p.scales[output]));
    if constexpr (BITS == 4) sum = __fmul_rn(sum, row_scale);
    return p.bias ? __fadd_rn(sum, p.bias[output]) : sum;
}

__device__ inline void multiply_halves(float (&sums)[4], uint4 w, uint2 x) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                 "{%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(w.x), "r"(w.y), "r"(w.z), "r"(w.w), "r"(x.x), "r"(x.y));
}

__device__ inline void multiply_wholes(int (&sums)[4], uint4 w, uint2 x) {
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                 "{%0,%1,%2,%3};"
                 : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
                 : "r"(w.x), "r"(w.y), "r"(w.z), "r"(w.w), "r"(x.x), "r"(x.y));
}

// Adds one unit of inputs, 32 bytes of the operand, or 64 in 4 bits, to what 16 outputs have of N times 8 rows. A
// lane's four sums are of the outputs lane / 4 and that + 8, and of the rows lane % 4 * 2 and that + 1.
template <int BITS, int N, typename Operand>
__device__ inline void add_unit(const Product &p, int tile, int unit, uint4 w, Operand operand, float (&sums)[N][4]) {
    if constexpr (BITS == 4) {
        // A half byte in the high half is 16 times its value, exactly.
        auto high_halves = [](u32 x, u32 y, u32 z, u32 w) {
            return make_uint4(x & 0xF0F0F0F0, y & 0xF0F0F0F0, z & 0xF0F0F0F0, w & 0xF0F0F0F0);
        };
        uint4 low = high_halves(w.x << 4, w.y << 4, w.z << 4, w.w << 4), high = high_halves(w.x, w.y, w.z, w.w);
        const float *scales = p.scales + ((size_t)tile * (p.tiles / 2) + unit) * 16 + threadIdx.x % 32 / 4;
        float first = scales[0] * 0.0625f, second = scales[8] * 0.0625f;
#pragma unroll
        for (int n = 0; n < N; n++) {
            int wholes[4] = {};
            multiply_wholes(wholes, low, operand(n, 2 * unit));
            multiply_wholes(wholes, high, operand(n, 2 * unit + 1));
            sums[n][0] = __fmaf_rn((float)wholes[0], first, sums[n][0]);
            sums[n][1] = __fmaf_rn((float)wholes[1], first, sums[n][1]);
            sums[n][2] = __fmaf_rn((float)wholes[2], second, sums[n][2]);
            sums[n][3] = __fmaf_rn((float)wholes[3], second, sums[n][3]);
        }
    } else {
#pragma unroll
        for (int n = 0; n < N; n++) {
            uint2 x = operand(n, unit);
            if constexpr (BITS == 16) multiply_halves(sums[n], w, x);
            if constexpr (BITS == 8) multiply_wholes((int (&)[4])sums[n], w, x);
        }
    }
}

// Units of a weight that are on their way: as soon as one is used, another is asked for in its place.
template <int BITS, int N> struct Weights {
    static constexpr int COUNT = N > 2 ? 4 : 8;
    uint4 units[COUNT];

    __device__ inline void load(const Product &p, int tile, int place, int unit) {
        size_t number = (size_t)tile * (BITS == 4 ? p.tiles / 2 : p.tiles) + unit;
        units[place] = __ldg((const uint4 *)p.weight + number * 32 + threadIdx.x % 32);
    }

    __device__ inline void begin(const Product &p, int tile, int first, int last) {
#pragma unroll
        for (int i = 0; i < COUNT; i++) {
            if (first + i < last) load(p, tile, i, first + i);
        }
    }
};

// The units first..<last of 16 outputs and N times 8 rows, added to `sums`; the first weights are on their way.
template <int BITS, int N, typename Operand>
__device__ inline void add_units(const Product &p, int tile, int first, int last, Weights<BITS, N> &weights,
                                 float (&sums)[N][4], Operand operand) {
    constexpr int COUNT = Weights<BITS, N>::COUNT;
    for (int unit = first; unit < last; unit += COUNT) {
#pragma unroll
        for (int i = 0; i < COUNT; i++) {
            if (unit + i < last) add_unit<BITS, N>(p, tile, unit + i, weights.units[i], operand, sums);
            if (unit + i + COUNT < last) weights.load(p, tile, i, unit + i + COUNT);
        }
    }
}

template <int BITS> __device__ inline int2 stretch(const Product &p, int part) {
    int units = BITS == 4 ? p.tiles / 2 : p.tiles, size = (units + PARTS - 1) / PARTS;
    return make_int2(min(part * size, units), min((part + 1) * size, units));
}

// What the parts of a block's tile add up to, for `rows` rows of `scale_of`.
template <int BITS, typename Scale>
__device__ inline void write_total(const Product &p, const float (*parts)[17], int part_rows, int first_row, int rows,
                                   Scale scale_of) {
    auto total = [&](int row, int output) {
        if constexpr (BITS == 8) {
            int sum = 0;
            for (int w = 0; w < PARTS; w++) sum += __float_as_int(parts[w * part_rows + row][output]);
            return __int_as_float(sum);
        } else {
            float sum = 0;
            for (int w = 0; w < PARTS; w++) sum += parts[w * part_rows + row][output];
            return sum;
        }
    };
    int tile = blockIdx.x, width = p.is_gated ? 8 : 16;
    for (int i = threadIdx.x; i < rows * width; i += THREADS) {
        int local = i / width, output = i % width, column = tile * width + output;
        if (column >= p.width) continue;
        float scale = scale_of(first_row + local);
        float value = finished<BITS>(p, total(local, output), scale, tile * 16 + output);
        if (p.is_gated) {
            float up = finished<BITS>(p, total(local, output + 8), scale, tile * 16 + output + 8);
            value = gated(value, up);
        }
        write(p, first_row + local, column, value);
    }
}

// A block does one tile of 16 outputs for N times 8 rows, each warp one part of the inputs.
template <int BITS, int N> __device__ inline void multiply_few(const Product &p) {
    __shared__ float parts[PARTS * 8 * N][17];
    int tile = blockIdx.x, row_tile = blockIdx.y * N, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    float sums[N][4] = {};
    int2 units = stretch<BITS>(p, warp);
    Weights<BITS, N> weights;
    weights.begin(p, tile, units.x, units.y);
    await_earlier();
    const uint2 *operand = (const uint2 *)p.operand + (size_t)row_tile * p.tiles * 32 + lane;
    add_units<BITS, N>(p, tile, units.x, units.y, weights, sums,
                       [&](int n, int unit) { return operand[((size_t)n * p.tiles + unit) * 32]; });
#pragma unroll
    for (int n = 0; n < N; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            parts[warp * 8 * N + 8 * n + lane % 4 * 2 + i % 2][lane / 4 + i / 2 * 8] = sums[n][i];
        }
    }
    __syncthreads();
    write_total<BITS>(p, parts, 8 * N, 8 * row_tile, min(8 * N, p.rows - 8 * row_tile),
                      [&](int row) { return BITS < 16 ? p.row_scales[row] : 1; });
}

// The same for a single row of floats, which every block makes an operand of for itself, while its weights are on their
// way: only a warp's first four lanes hold that row.
template <int BITS> __device__ inline void multiply_one(const Product &p) {
    extern __shared__ __align__(16) u8 row[];
    __shared__ float parts[PARTS][17];
    __shared__ float row_scale;
    int tile = blockIdx.x, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    float sums[1][4] = {};
    int2 units = stretch<BITS>(p, warp);
    Weights<BITS, 1> weights;
    weights.begin(p, tile, units.x, units.y);
    await_earlier();
    const float *in = p.floats + (p.read ? (size_t)*p.read * p.inputs : 0);
    float scale = prepare<2>(in, p.norm, p.inputs, p.tiles, BITS, p.eps, p.threshold, [&](int byte, u32 word) {
        int at = byte % 32;
        *(u32 *)(row + byte / 32 * 32 + at % 16 / 4 * 8 + at / 16 * 4) = word;
    });
    if (threadIdx.x == 0) row_scale = scale;
    __syncthreads();
    add_units<BITS, 1>(p, tile, units.x, units.y, weights, sums, [&](int, int unit) {
        return lane < 4 ? *(const uint2 *)(row + 32 * unit + 8 * lane) : make_uint2(0, 0);
    });
    if (lane % 4 == 0) {
        parts[warp][lane / 4] = sums[0][0];
        parts[warp][lane / 4 + 8] = sums[0][2];
    }
    __syncthreads();
    write_total<BITS>(p, parts, 1, 0, 1, [&](int) { return row_scale; });
}

// A warp does one tile of 16 outputs for 64 rows, all parts.
template <int BITS> __device__ inline void multiply_many(const Product &p) {
    constexpr int N = 8;
    int tile = blockIdx.x * WARPS + threadIdx.x / 32, row_tile = blockIdx.y * N, lane = threadIdx.x % 32;
    await_earlier();
    if (tile * 16 >= p.outputs) return;
    const uint2 *operand = (const uint2 *)p.operand + (size_t)row_tile * p.tiles * 32 + lane;
    auto operand_of = [&](int n, int unit) { return operand[((size_t)n * p.tiles + unit) * 32]; };
    Weights<BITS, N> weights;
    float totals[N][4] = {};
    for (int part = 0; part < PARTS; part++) {
        int2 units = stretch<BITS>(p, part);
        weights.begin(p, tile, units.x, units.y);
        if constexpr (BITS == 8) {
            add_units<BITS, N>(p, tile, units.x, units.y, weights, totals, operand_of);
        } else {
            float sums[N][4] = {};
            add_units<BITS, N>(p, tile, units.x, units.y, weights, sums, operand_of);
#pragma unroll
            for (int n = 0; n < N; n++) {
#pragma unroll
                for (int i = 0; i < 4; i++) totals[n][i] += sums[n][i];
            }
        }
    }
#pragma unroll
    for (int n = 0; n < N; n++) {
#pragma unroll
        for (int i = 0; i < 2; i++) {
            int row = 8 * (row_tile + n) + lane % 4 * 2 + i, output = lane / 4;
            if (row >= p.rows) continue;
            float scale = BITS < 16 ? p.row_scales[row] : 1;
            float first = finished<BITS>(p, totals[n][i], scale, tile * 16 + output);
            float second = finished<BITS>(p, totals[n][i + 2], scale, tile * 16 + output + 8);
            if (p.is_gated) {
                if (tile * 8 + output < p.width) write(p, row, tile * 8 + output, gated(first, second));
                continue;
            }
            if (tile * 16 + output < p.width) write(p, row, tile * 16 + output, first);
            if (tile * 16 + output + 8 < p.width) write(p, row, tile * 16 + output + 8, second);
        }
    }
}

// In 32 bits, a warp does one output, or one gate and its up, for N rows; weight [outputs, inputs].
template <int N> __device__ inline void multiply_floats(const Product &p) {
    int column = blockIdx.x * WARPS + threadIdx.x / 32, first_row = blockIdx.y * N, lane = threadIdx.x % 32;
    await_earlier();
    if (column >= p.width) return;
    auto sums_of = [&](int output, float (&sums)[N]) {
        const float *weight = (const float *)p.weight + (size_t)output * p.inputs;
        const float *x = (const float *)p.operand + (size_t)first_row * p.inputs;
        for (int k = 4 * lane; k < p.inputs; k += 128) {
            float4 w = __ldg((const float4 *)(weight + k));
#pragma unroll
            for (int r = 0; r < N; r++) {
                float4 in = *(const float4 *)(x + (size_t)r * p.inputs + k);
                sums[r] = __fmaf_rn(w.x, in.x, sums[r]);
                sums[r] = __fmaf_rn(w.y, in.y, sums[r]);
                sums[r] = __fmaf_rn(w.z, in.z, sums[r]);
                sums[r] = __fmaf_rn(w.w, in.w, sums[r]);
            }
        }
#pragma unroll
        for (int r = 0; r < N; r++) sums[r] = sum_of_warp(sums[r]);
    };
    float sums[N] = {}, ups[N] = {};
    sums_of(column, sums);
    if (p.is_gated) sums_of(p.width + column, ups);
#pragma unroll
    for (int r = 0; r < N; r++) {
        int row = first_row + r;
        if (lane != r || row >= p.rows) continue;
        float value = finished<32>(p, sums[r], 1, column);
        if (p.is_gated) value = gated(value, finished<32>(p, ups[r], 1, p.width + column));
        write(p, row, column, value);
    }
}

#define FEW(bits, n) \
    extern "C" __global__ void __launch_bounds__(THREADS) multiply_##bits##_##n(Product p) { multiply_few<bits, n>(p); }
#define MANY(bits) \
    extern "C" __global__ void __launch_bounds__(THREADS) multiply_##bits##_many(Product p) { multiply_many<bits>(p); }
#define ONE(bits) \
    extern "C" __global__ void __launch_bounds__(THREADS, 4) multiply_##bits##_one(Product p) {   \
        multiply_one<bits>(p);                                                                       \
    }
#define EVERY(bits) ONE(bits) FEW(bits, 1) FEW(bits, 2) FEW(bits, 4) FEW(bits, 8) MANY(bits)
EVERY(16)
EVERY(8)
EVERY(4)
extern "C" __global__ void multiply_32_1(Product p) { multiply_floats<1>(p); }
extern "C" __global__ void multiply_32_8(Product p) { multiply_floats<8>(p); }
)cuda"
