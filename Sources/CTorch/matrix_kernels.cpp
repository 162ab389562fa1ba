// Which kernel multiplies packed matrices, and how its blocks make up the whole.
#include "elementwise.h"
#include "matrix_block.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>
#include <vector>

namespace matrix {

EVERY_PROCESSOR
void add_up(const int8_t *values, int64_t size, int64_t width, int32_t *sums) {
    for (int64_t begin = 0; begin < size; begin += width) {
        int32_t sum = 0;
        for (int64_t i = begin; i < begin + width; i++) sum += values[i];
        sums[begin / width] = sum;
    }
}

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

/// Whether a kernel gives the bits of the plain one in whole numbers, on small products of every number of rows.
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
            Block block{reinterpret_cast<const uint8_t *>(values.data()), inputs, inputs, tile.data(), scales.data(),
                        sums, 2, totals[side], parts[side], nullptr, 0};
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

/// Where a block's results go.
struct Target {
    const float *bias, *residual;  // either may be null
    float *out;
    int64_t step, width;
};

/// Takes back what the weights' offset added, and scales.
EVERY_PROCESSOR
void scale_totals(const int32_t (*totals)[TILE], float (*parts)[TILE], const float *weight_scales,
                  const int32_t *row_sums, const float *row_scales, int rows) {
    for (int r = 0; r < rows; r++) {
        int32_t offset = 128 * row_sums[r];
        for (int64_t c = 0; c < TILE; c++) {
            parts[r][c] = static_cast<float>(totals[r][c] - offset) * (row_scales[r] * weight_scales[c]);
        }
    }
}

EVERY_PROCESSOR
void scale_parts(float (*parts)[TILE], const float *row_scales, int rows) {
    for (int r = 0; r < rows; r++) {
        for (int64_t c = 0; c < TILE; c++) parts[r][c] *= row_scales[r];
    }
}

EVERY_PROCESSOR
void write(float (*parts)[TILE], const Target &t, int rows) {
    for (int r = 0; r < rows; r++) {
        float *part = parts[r], *out = t.out + r * t.step;
        if (t.bias) {
            for (int64_t c = 0; c < t.width; c++) part[c] += t.bias[c];
        }
        if (t.residual) {
            const float *residual = t.residual + r * t.step;
            for (int64_t c = 0; c < t.width; c++) out[c] = residual[c] + part[c];
        } else {
            std::memcpy(out, part, t.width * sizeof(float));
        }
    }
}

const BlockKernel *variants(const Kernel &kernel, Format format) {
    switch (format) {
    case Format::float32: return kernel.by32;
    case Format::bfloat16: return kernel.by16;
    case Format::int8: return kernel.by8;
    case Format::int4: return kernel.by4;
    }
    return kernel.by32;
}

/// Where one reads what it computes with once, the memory's own stream is helped by asking this far ahead.
constexpr int64_t STREAM_AHEAD = 4096;

}  // namespace

const Kernel &current_kernel() { return *chosen().load(std::memory_order_relaxed); }

void multiply(const Matrix &m, const Inputs &inputs, const float *residual, float *out, int64_t begin, int64_t end) {
    if (inputs.rows() == 1 && m.by_input.data()) return multiply_row(m, inputs, residual, out, begin, end);
    const BlockKernel *kernels = variants(current_kernel(), m.format);
    int64_t rows = inputs.rows(), groups = m.groups(), tile_size = m.tile_bytes(), steps = tile_size / 256;
    int64_t most = m.format == Format::int4 ? ROWS - 1 : ROWS;  // where parts take registers too, five are the quickest
    int64_t blocks = (rows + most - 1) / most, lines = blocks < 2 ? 4 : blocks < 4 ? 2 : 1;
    alignas(64) int32_t totals[ROWS][TILE];
    alignas(64) float parts[ROWS][TILE];
    for (int64_t t = begin; t < end; t++) {
        const uint8_t *tile = m.weight.data() + t * tile_size;
        const float *scales = m.scales.data() + t * groups * TILE;
        int64_t column = t * TILE;
        for (int64_t b = 0, row = 0, next; b < blocks; b++, row = next) {
            next = rows * (b + 1) / blocks;
            int count = static_cast<int>(next - row);
            int64_t fetched = blocks < 2 ? STREAM_AHEAD - tile_size : b * steps * lines * 64;
            bool fetches = blocks < 2 || (t + 1 < end && fetched < tile_size);
            Block block{inputs.row(row), inputs.row_bytes(), m.padded, tile, scales, inputs.sums(row), groups, totals,
                        parts, fetches ? tile + tile_size + fetched : nullptr, fetches ? lines : 0};
            kernels[count](block);
            if (m.format == Format::int8) scale_totals(totals, parts, scales, inputs.sums(row), inputs.scales(row), count);
            if (m.format == Format::int4) scale_parts(parts, inputs.scales(row), count);
            int64_t place = row * m.outputs + column;
            write(parts, {m.bias.empty() ? nullptr : m.bias.data() + column, residual ? residual + place : nullptr,
                          out + place, m.outputs, std::min(TILE, m.outputs - column)}, count);
        }
    }
}

const char *kernel_name() { return current_kernel().name; }

bool use_kernel(const char *name) {
    for (const Kernel *kernel : candidates) {
        if (std::string_view(kernel->name) != name || !is_supported(*kernel)) continue;
        chosen().store(kernel, std::memory_order_relaxed);
        return true;
    }
    return false;
}

}  // namespace matrix
