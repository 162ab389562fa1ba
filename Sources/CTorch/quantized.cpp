// Linear layers with weights of 8 or 4 bits and activations of 8, in whole numbers: x is quantized row by row, products
// are summed in int32, where order does not matter, and scales come last. So a row's result has the same bits in any
// batch, with any number of threads and on any processor.
//
// A weight is kept as unsigned bytes (its value + 128) or nibbles (+ 8), since the processor multiplies unsigned by
// signed bytes; what the offset adds, it takes back by the row's sum. Columns stand in tiles of 64: of a tile, every
// four inputs of all 64 columns lie together, 256 bytes that four registers hold.
#include "quantized.h"

#include "boundary.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

namespace {

using at::Tensor;
using namespace quantized;

int64_t tiles(int64_t columns) { return (columns + TILE - 1) / TILE; }

/// Inputs of a row with what fills up its last block of four or, for 4 bits, its last group.
int64_t padded_inputs(int64_t inputs, int bits) {
    int64_t step = bits == 8 ? 4 : GROUP;
    return (inputs + step - 1) / step * step;
}

void expect(bool holds, const char *what) {
    if (!holds) throw std::invalid_argument(what);
}

/// `[N, K]` whole numbers to tiles.
Tensor pack8(const Tensor &values) {
    int64_t n = values.size(0), k = values.size(1), inputs = padded_inputs(k, 8);
    Tensor packed = at::full({tiles(n), inputs / 4, TILE, 4}, 128, at::kByte);
    const auto *in = values.const_data_ptr<int8_t>();
    auto *out = packed.mutable_data_ptr<uint8_t>();
    for (int64_t c = 0; c < n; c++) {
        uint8_t *tile = out + c / TILE * TILE * inputs + c % TILE * 4;
        for (int64_t i = 0; i < k; i++) tile[i / 4 * TILE * 4 + i % 4] = static_cast<uint8_t>(in[c * k + i] + 128);
    }
    return packed;
}

/// `[N, K]` whole numbers of -8 to 7 to tiles: a byte has an input of one block of four in its low half and that of the
/// next block in its high half.
Tensor pack4(const Tensor &values) {
    int64_t n = values.size(0), k = values.size(1), inputs = padded_inputs(k, 4);
    Tensor packed = at::full({tiles(n), inputs / 8, TILE, 4}, 0x88, at::kByte);
    const auto *in = values.const_data_ptr<int8_t>();
    auto *out = packed.mutable_data_ptr<uint8_t>();
    for (int64_t c = 0; c < n; c++) {
        uint8_t *tile = out + c / TILE * TILE * inputs / 2 + c % TILE * 4;
        for (int64_t i = 0; i < k; i++) {
            uint8_t &byte = tile[i / 8 * TILE * 4 + i % 4];
            auto nibble = static_cast<uint8_t>(in[c * k + i] + 8);
            byte = i % 8 < 4 ? (byte & 0xF0) | nibble : (byte & 0x0F) | static_cast<uint8_t>(nibble << 4);
        }
    }
    return packed;
}

/// `[N]` or `[N, groups]` to the order in which tiles read them.
Tensor pack_scales(const Tensor &scales) {
    int64_t n = scales.size(0), groups = scales.dim() == 2 ? scales.size(1) : 1;
    Tensor packed = at::zeros({tiles(n), groups, TILE});
    const auto *in = scales.const_data_ptr<float>();
    auto *out = packed.mutable_data_ptr<float>();
    for (int64_t c = 0; c < n; c++) {
        for (int64_t g = 0; g < groups; g++) out[(c / TILE * groups + g) * TILE + c % TILE] = in[c * groups + g];
    }
    return packed;
}

/// Rows of activations in whole numbers.
struct QuantizedRows {
    std::vector<int8_t> values;
    std::vector<float> scales;
    std::vector<int32_t> sums;  // of a row, or of every group of a row

    QuantizedRows(const float *x, int64_t rows, int64_t k, int64_t inputs, int64_t sum_width)
        : values(rows * inputs), scales(rows), sums(rows * (inputs / sum_width)) {
        at::parallel_for(0, rows, std::max<int64_t>(1, (1 << 14) / k), [&](int64_t begin, int64_t end) {
            for (int64_t r = begin; r < end; r++) {
                int8_t *row = values.data() + r * inputs;
                scales[r] = quantize_row(x + r * k, row, k);
                add_up(row, inputs, sum_width, sums.data() + r * (inputs / sum_width));
            }
        });
    }
};

Tensor linear(const Tensor &x_in, const Tensor &packed, const Tensor &scales, const std::optional<Tensor> &bias,
              int64_t n, int bits) {
    Tensor x = x_in.contiguous();
    int64_t k = x.size(-1), rows = x.numel() / k, inputs = padded_inputs(k, bits);
    expect(x.scalar_type() == at::kFloat && x.device().is_cpu(), "a quantized layer reads float32 on the CPU");
    expect(packed.numel() == tiles(n) * TILE * inputs * bits / 8, "the packed weight has another shape");
    expect(scales.numel() == tiles(n) * TILE * (bits == 8 ? 1 : inputs / GROUP), "the scales have another shape");
    auto sizes = x.sizes().vec();
    sizes.back() = n;
    Tensor out = at::empty(sizes, x.options());
    QuantizedRows quantized(x.const_data_ptr<float>(), rows, k, inputs, bits == 8 ? inputs : GROUP);
    Product product{
        quantized.values.data(), quantized.scales.data(), quantized.sums.data(), packed.const_data_ptr<uint8_t>(),
        scales.const_data_ptr<float>(), bias ? bias->const_data_ptr<float>() : nullptr,
        out.mutable_data_ptr<float>(), rows, inputs, n};
    int64_t work = rows * inputs * TILE;  // of one tile
    at::parallel_for(0, tiles(n), std::max<int64_t>(1, (1 << 20) / work), [&](int64_t begin, int64_t end) {
        multiply(product, bits, begin, end);
    });
    return out;
}

}  // namespace

bool ctorch_quantized_pack(ctorch_tensor values_handle, ctorch_tensor scales_handle, int32_t bits,
                           ctorch_tensor *results) {
    return ctorch::guarded(false, [&] {
        Tensor values = ctorch::borrowed(values_handle).contiguous();
        Tensor scales = ctorch::borrowed(scales_handle).contiguous();
        expect(bits == 8 || bits == 4, "weights have 8 or 4 bits");
        expect(values.dim() == 2 && values.scalar_type() == at::kChar, "quantized values are int8, [out, in]");
        expect(scales.scalar_type() == at::kFloat, "scales are float32");
        int64_t groups = padded_inputs(values.size(1), 4) / GROUP;
        bool fits = bits == 8 ? scales.dim() == 1 : scales.dim() == 2 && scales.size(1) == groups;
        expect(fits && scales.size(0) == values.size(0), "scales are [out] for 8 bits, [out, groups of 64] for 4");
        results[0] = ctorch::handle(bits == 8 ? pack8(values) : pack4(values));
        results[1] = ctorch::handle(pack_scales(scales));
        return true;
    });
}

ctorch_tensor ctorch_quantized_linear(ctorch_tensor x, ctorch_tensor packed, ctorch_tensor scales,
                                      ctorch_tensor bias_handle, int64_t outputs, int32_t bits) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        auto bias = bias_handle ? std::optional<Tensor>(ctorch::borrowed(bias_handle)) : std::nullopt;
        return ctorch::handle(linear(ctorch::borrowed(x), ctorch::borrowed(packed), ctorch::borrowed(scales), bias,
                                     outputs, bits));
    });
}

const char *ctorch_quantized_kernel(void) { return quantized::kernel_name(); }

bool ctorch_quantized_use_kernel(const char *name) { return quantized::use_kernel(name); }
