R"cuda(
// Attention over pages of 16 tokens. Of a head's page, keys stand in columns of four numbers, [size / 4, 16, 4], and
// values in rows, [16, size]; in 8 bits, behind the scales of the 16 keys and the 16 values.
#define NOTHING (-__int_as_float(0x7F800000))
constexpr int TOKENS = 16, MAX_SIZE = 256;

struct Heads {
    int query, key, size, layer, in_8_bits;
    u8 *pages;
    size_t page_bytes;
    int head_bytes;
};

__device__ inline u8 *page_of(const Heads &h, int page, int kv) {
    return h.pages + page * h.page_bytes + (size_t)(h.layer * h.key + kv) * h.head_bytes;
}

// One warp a row and head: normalizes heads where the model does, turns queries and keys by their positions, and puts
// keys and values into the pages.
extern "C" __global__ void append_heads(Heads h, const float *projected, const float *query_norm, const float *key_norm,
                                        float eps, const float *cosines, const float *sines, const int *positions,
                                        const int *sequences, const int *tables, int table_step, float *turned) {
    __shared__ float head[MAX_SIZE];
    await_earlier();
    int row = blockIdx.x, number = blockIdx.y, lane = threadIdx.x, size = h.size, half = size / 2;
    bool is_query = number < h.query, is_key = !is_query && number < h.query + h.key;
    const float *in = projected + ((size_t)row * (h.query + 2 * h.key) + number) * size;
    const float *norm = is_query ? query_norm : is_key ? key_norm : nullptr;
    float factor = 1;
    if (norm) {
        float sum = 0;
        for (int d = lane; d < size; d += 32) sum = __fmaf_rn(in[d], in[d], sum);
        factor = __fdiv_rn(1.0f, __fsqrt_rn(sum_of_warp(sum) / size + eps));
    }
    for (int d = lane; d < size; d += 32) head[d] = norm ? __fmul_rn(__fmul_rn(in[d], factor), norm[d]) : in[d];
    __syncwarp();
    int position = positions[row];
    if (is_query || is_key) {
        const float *cosine = cosines + (size_t)position * half, *sine = sines + (size_t)position * half;
        for (int d = lane; d < half; d += 32) {
            float a = head[d], b = head[d + half];
            head[d] = a * cosine[d] - b * sine[d];
            head[d + half] = b * cosine[d] + a * sine[d];
        }
        __syncwarp();
    }
    if (is_query) {
        for (int d = lane; d < size; d += 32) turned[((size_t)row * h.query + number) * size + d] = head[d];
        return;
    }
    int page = tables[(size_t)sequences[row] * table_step + position / TOKENS], slot = position % TOKENS;
    u8 *memory = page_of(h, page, (number - h.query) % h.key);
    if (!h.in_8_bits) {
        float *keys = (float *)memory, *values = keys + TOKENS * size;
        for (int d = lane; d < size; d += 32) {
            if (is_key) keys[(d / 4 * TOKENS + slot) * 4 + d % 4] = head[d];
            else values[slot * size + d] = head[d];
        }
        return;
    }
    u32 greatest = 0;
    for (int d = lane; d < size; d += 32) greatest = max(greatest, __float_as_uint(head[d]) & 0x7FFFFFFF);
    float2 scale = row_scale(greatest_of_warp(greatest));
    float *scales = (float *)memory;
    u8 *keys = (u8 *)(scales + 2 * TOKENS), *values = keys + TOKENS * size;
    if (lane == 0) scales[is_key ? slot : TOKENS + slot] = scale.x;
    for (int d = lane; d < size; d += 32) {
        u8 entry = (u8)whole(head[d], scale.y, 0);
        if (is_key) keys[(d / 4 * TOKENS + slot) * 4 + d % 4] = entry;
        else values[slot * size + d] = entry;
    }
}

__device__ inline float4 four(const float *memory) { return *(const float4 *)memory; }
__device__ inline float4 four(const signed char *memory) {
    char4 c = *(const char4 *)memory;
    return make_float4(c.x, c.y, c.z, c.w);
}

// What a warp knows of the pages that it has seen: the greatest score, and over it the sum of exponentials and the
// values added up with them (Milakov and Gimelshein 2018, arXiv:1805.02867, algorithm 3). A lane has the numbers
// lane + 32 i of a value, for i < WIDTH.
template <int WIDTH> struct Seen {
    float greatest, sum, values[WIDTH];
};

// One more page, of whose tokens from..<to are seen. What is read of it is asked for at once, as far as there is room.
template <int WIDTH, typename Element>
__device__ inline void see(Seen<WIDTH> &seen, const float *query, const Element *keys, const float *scales, int size,
                           float factor, int from, int to) {
    constexpr int FOURS = WIDTH * 4;  // of half a head
    constexpr int TOGETHER = WIDTH > 4 ? 4 : WIDTH > 2 ? 8 : TOKENS;
    int lane = threadIdx.x % 32, token = lane % TOKENS, part = lane / TOKENS * (size / 2);
    const Element *memory = keys + TOKENS * size;
    float4 k[FOURS];
#pragma unroll
    for (int i = 0; i < FOURS; i++) {
        if (4 * i < size / 2) k[i] = four(keys + ((part / 4 + i) * TOKENS + token) * 4);
    }
    float values[TOGETHER][WIDTH];
    auto load_values = [&](int first) {
#pragma unroll
        for (int t = 0; t < TOGETHER; t++) {
#pragma unroll
            for (int i = 0; i < WIDTH; i++) {
                int d = lane + 32 * i, token = first + t;
                values[t][i] = token >= from && token < to && d < size ? (float)memory[token * size + d] : 0;
            }
        }
    };
    load_values(0);
    float score = 0;
#pragma unroll
    for (int i = 0; i < FOURS; i++) {
        if (4 * i >= size / 2) continue;
        float4 q = *(const float4 *)(query + part + 4 * i);
        score = __fmaf_rn(q.x, k[i].x, score);
        score = __fmaf_rn(q.y, k[i].y, score);
        score = __fmaf_rn(q.z, k[i].z, score);
        score = __fmaf_rn(q.w, k[i].w, score);
    }
    score += __shfl_xor_sync(~0u, score, TOKENS);
    if (scales) score *= scales[token];
    bool is_seen = token >= from && token < to;
    score = is_seen ? score * factor : NOTHING;
    float greatest = score;
    for (int step = TOKENS / 2; step > 0; step /= 2) greatest = fmaxf(greatest, __shfl_xor_sync(~0u, greatest, step));
    greatest = fmaxf(seen.greatest, greatest);
    float weight = is_seen ? expf(score - greatest) : 0, old = expf(seen.greatest - greatest);
    // A score that is no number must not be lost in a comparison.
    if (is_seen && score != score) weight = score;
    float sum = weight;
    for (int step = TOKENS / 2; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
    seen.greatest = greatest;
    seen.sum = seen.sum * old + sum;
    if (scales) weight *= is_seen ? scales[TOKENS + token] : 1;
#pragma unroll
    for (int i = 0; i < WIDTH; i++) seen.values[i] *= old;
#pragma unroll
    for (int first = 0; first < TOKENS; first += TOGETHER) {
        if (first > 0) load_values(first);
#pragma unroll
        for (int t = 0; t < TOGETHER; t++) {
            float w = __shfl_sync(~0u, weight, first + t);
#pragma unroll
            for (int i = 0; i < WIDTH; i++) seen.values[i] = __fmaf_rn(w, values[t][i], seen.values[i]);
        }
    }
}

// One block a row and query head; its warps take pages in turn, by their numbers in the sequence.
template <int WIDTH>
__device__ inline void attend(const Heads &h, const float *turned, const int *positions, const int *sequences,
                              const int *tables, int table_step, int window, float factor, float *out, u8 *halves,
                              int half_tiles) {
    __shared__ __align__(16) float query[MAX_SIZE];
    __shared__ float greatest[WARPS], sums[WARPS], values[WARPS][32 * WIDTH];
    int row = blockIdx.x, number = blockIdx.y, warp = threadIdx.x / 32, lane = threadIdx.x % 32, size = h.size;
    await_earlier();
    for (int d = threadIdx.x; d < size; d += THREADS) query[d] = turned[((size_t)row * h.query + number) * size + d];
    __syncthreads();
    int count = positions[row] + 1, first = window > 0 ? max(0, count - window) : 0;
    const int *table = tables + (size_t)sequences[row] * table_step;
    Seen<WIDTH> seen = {NOTHING, 0, {}};
    for (int page = first / TOKENS; page * TOKENS < count; page++) {
        if (page % WARPS != warp) continue;
        u8 *memory = page_of(h, table[page], number / (h.query / h.key));
        int from = max(0, first - page * TOKENS), to = min(TOKENS, count - page * TOKENS);
        if (h.in_8_bits) {
            const float *scales = (const float *)memory;
            see(seen, query, (const signed char *)(scales + 2 * TOKENS), scales, size, factor, from, to);
        } else {
            see(seen, query, (const float *)memory, nullptr, size, factor, from, to);
        }
    }
    if (lane == 0) {
        greatest[warp] = seen.greatest;
        sums[warp] = seen.sum;
    }
    #pragma unroll
    for (int i = 0; i < WIDTH; i++) values[warp][lane + 32 * i] = seen.values[i];
    __syncthreads();
    float most = NOTHING, sum = 0;
    for (int w = 0; w < WARPS; w++) most = fmaxf(most, greatest[w]);
    for (int w = 0; w < WARPS; w++) {
        if (greatest[w] != NOTHING || sums[w] != 0) sum += sums[w] * expf(greatest[w] - most);
    }
    for (int d = threadIdx.x; d < size; d += THREADS) {
        float mixed = 0;
        for (int w = 0; w < WARPS; w++) {
            if (greatest[w] != NOTHING || sums[w] != 0) mixed += values[w][d] * expf(greatest[w] - most);
        }
        mixed /= sum;
        int column = number * size + d;
        if (halves) *(u16 *)(halves + place_of(row, 2 * column, half_tiles)) = halved(mixed);
        else out[(size_t)row * h.query * size + column] = mixed;
    }
}

#define ATTEND(width)                                                                                                  \
    extern "C" __global__ void __launch_bounds__(THREADS)                                                              \
        attend_##width(Heads h, const float *turned, const int *positions, const int *sequences, const int *tables,    \
                       int table_step, int window, float factor, float *out, u8 *halves, int half_tiles) {             \
        attend<width>(h, turned, positions, sequences, tables, table_step, window, factor, out, halves, half_tiles);   \
    }
ATTEND(1)
ATTEND(2)
ATTEND(4)
ATTEND(8)
)cuda"
