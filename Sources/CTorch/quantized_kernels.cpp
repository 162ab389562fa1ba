// Which kernel computes a quantized layer, and how its blocks make up the whole.
#include "quantized_block.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>
#include <vector>

namespace quantized {

namespace {

bool is_supported(const Kernel &kernel) {
#if defined(__x86_64__)
    if (&kernel == &avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (&kernel == &vnni) {
        return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
    }
#endif
    return &kernel == &plain;
}

/// Whether a kernel gives the bits of the plain one, on small products of every number of rows.
bool agrees(const Kernel &kernel) {
    constexpr int64_t inputs = 2 * GROUP;
    std::vector<uint8_t> tile(TILE * inputs);
    std::vector<float> x(ROWS * inputs), scales(2 * TILE);
    uint32_t state = 1;
    auto draw = [&] { return state = state * 1664525 + 1013904223; };
    for (auto &byte : tile) byte = static_cast<uint8_t>(draw() >> 24);
    for (auto &value : x) value = static_cast<float>(static_cast<int32_t>(draw())) / 1e8f;
    for (auto &scale : scales) scale = static_cast<float>(draw() >> 8) / 1e9f;
    std::vector<int8_t> values(ROWS * inputs), others(ROWS * inputs);
    for (int r = 0; r < ROWS; r++) {
        float scale = plain.quantize(x.data() + r * inputs, values.data() + r * inputs, inputs);
        if (kernel.quantize(x.data() + r * inputs, others.data() + r * inputs, inputs) != scale) return false;
    }
    if (values != others) return false;
    int32_t sums[ROWS * 2];
    add_up(values.data(), ROWS * inputs, GROUP, sums);
    for (int rows = 1; rows <= ROWS; rows++) {
        int32_t totals[2][ROWS][TILE] = {};
        float parts[2][ROWS][TILE] = {};
        for (int side = 0; side < 2; side++) {
            const Kernel &judged = side == 0 ? plain : kernel;
            Block block{values.data(), inputs, tile.data(), scales.data(), sums, 2, totals[side], parts[side],
                        nullptr, 0};
            judged.by8[rows](block);
            judged.by4[rows](block);
        }
        if (std::memcmp(totals[0], totals[1], sizeof totals[0]) != 0) return false;
        if (std::memcmp(parts[0], parts[1], sizeof parts[0]) != 0) return false;
    }
    return true;
}

const Kernel *const candidates[] = {
#if defined(__x86_64__)
    &vnni, &avx2,
#endif
    &plain};

const Kernel *best() {
    for (const Kernel *kernel : candidates) {
        if (is_supported(*kernel) && agrees(*kernel)) return kernel;
    }
    return &plain;
}

std::atomic<const Kernel *> &chosen() {
    static std::atomic<const Kernel *> kernel{best()};
    return kernel;
}

/// out = totals, less what the weights' offset added, times both scales, plus the bias.
void finish8(const Product &p, int64_t row, int rows, int64_t column, int64_t width, const int32_t (*totals)[TILE]) {
    for (int r = 0; r < rows; r++) {
        float *out = p.out + (row + r) * p.outputs + column;
        float scale = p.row_scales[row + r];
        int32_t offset = 128 * p.sums[row + r];
        for (int64_t c = 0; c < width; c++) {
            out[c] = static_cast<float>(totals[r][c] - offset) * (scale * p.weight_scales[column + c]);
        }
        for (int64_t c = 0; p.bias && c < width; c++) out[c] += p.bias[column + c];
    }
}

void finish4(const Product &p, int64_t row, int rows, int64_t column, int64_t width, const float (*parts)[TILE]) {
    for (int r = 0; r < rows; r++) {
        float *out = p.out + (row + r) * p.outputs + column;
        for (int64_t c = 0; c < width; c++) out[c] = parts[r][c] * p.row_scales[row + r];
        for (int64_t c = 0; p.bias && c < width; c++) out[c] += p.bias[column + c];
    }
}

}  // namespace

void multiply(const Product &p, int bits, int64_t begin, int64_t end) {
    const Kernel &kernel = *chosen().load(std::memory_order_relaxed);
    int64_t groups = bits == 8 ? 1 : p.inputs / GROUP, tile_size = TILE * p.inputs * bits / 8;
    int64_t most = bits == 8 ? ROWS : ROWS - 1;  // where parts take registers too, five rows are the quickest
    int64_t blocks = (p.rows + most - 1) / most, steps = p.inputs / (bits == 8 ? 4 : 8);
    int64_t lines = blocks < 2 ? 0 : blocks < 4 ? 2 : 1;
    int32_t totals[ROWS][TILE];
    float parts[ROWS][TILE];
    for (int64_t t = begin; t < end; t++) {
        const uint8_t *tile = p.weight + t * tile_size;
        int64_t column = t * TILE, width = std::min(TILE, p.outputs - column);
        for (int64_t b = 0, row = 0, next; b < blocks; b++, row = next) {
            next = p.rows * (b + 1) / blocks;
            int rows = static_cast<int>(next - row);
            int64_t fetched = b * steps * lines * 64;
            bool fetches = t + 1 < end && fetched < tile_size;
            Block block{p.values + row * p.inputs, p.inputs, tile, p.weight_scales + t * groups * TILE,
                        p.sums + row * groups, groups, totals, parts, fetches ? tile + tile_size + fetched : nullptr,
                        fetches ? lines : 0};
            if (bits == 8) {
                kernel.by8[rows](block);
                finish8(p, row, rows, column, width, totals);
            } else {
                kernel.by4[rows](block);
                finish4(p, row, rows, column, width, parts);
            }
        }
    }
}

float quantize_row(const float *x, int8_t *out, int64_t size) {
    return chosen().load(std::memory_order_relaxed)->quantize(x, out, size);
}

void add_up(const int8_t *values, int64_t size, int64_t width, int32_t *sums) {
    for (int64_t begin = 0; begin < size; begin += width) {
        int32_t sum = 0;
        for (int64_t i = begin; i < begin + width; i++) sum += values[i];
        sums[begin / width] = sum;
    }
}

const char *kernel_name() { return chosen().load(std::memory_order_relaxed)->name; }

bool use_kernel(const char *name) {
    for (const Kernel *kernel : candidates) {
        if (std::string_view(kernel->name) != name || !is_supported(*kernel)) continue;
        chosen().store(kernel, std::memory_order_relaxed);
        return true;
    }
    return false;
}

}  // namespace quantized
