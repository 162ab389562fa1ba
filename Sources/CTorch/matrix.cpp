// Packing of matrices, activations in their forms, and the C face of both.
#include "matrix.h"

#include "boundary.h"
#include "elementwise.h"
#include "matrix_block.h"
#include "parallel.h"

#include <ATen/ops/empty.h>
#include <c10/core/Allocator.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace matrix {

namespace {

int64_t rounded_up(int64_t count, int64_t step) { return (count + step - 1) / step * step; }

/// To 16 bits, to the nearest, ties to the even.
inline uint16_t halved(float value) {
    auto bits = std::bit_cast<uint32_t>(value);
    uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    return static_cast<uint16_t>((bits & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC0 : rounded);
}

EVERY_PROCESSOR
void halve(const float *in, uint16_t *out, int64_t size) {
    for (int64_t i = 0; i < size; i++) out[i] = halved(in[i]);
}

Matrix make(Format format, int64_t outputs, int64_t inputs) {
    Matrix m{format, inputs, outputs, padded_inputs(format, inputs), {}, {}, {}};
    m.weight = Memory(m.tiles() * m.tile_bytes());
    return m;
}

template <typename Value, typename In, typename Convert>
void fill_tiles(const Matrix &m, const In *in, int64_t per_step, Convert convert) {
    ctorch::parallel_for(0, m.tiles(), 1, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin * TILE; c < std::min(end * TILE, m.outputs); c++) {
            auto *tile = reinterpret_cast<Value *>(m.weight.data() + c / TILE * m.tile_bytes()) + c % TILE * per_step;
            for (int64_t k = 0; k < m.inputs; k++) {
                tile[k / per_step * TILE * per_step + k % per_step] = convert(in[c * m.inputs + k]);
            }
        }
    });
}

/// A byte has an input of one block of four in its low half and that of the next block in its high half.
void fill_nibbles(const Matrix &m, const int8_t *in) {
    for (int64_t c = 0; c < m.outputs; c++) {
        uint8_t *tile = m.weight.data() + c / TILE * m.tile_bytes() + c % TILE * 4;
        for (int64_t i = 0; i < m.inputs; i++) {
            uint8_t &byte = tile[i / 8 * TILE * 4 + i % 4];
            auto nibble = static_cast<uint8_t>(in[c * m.inputs + i] + 8);
            byte = i % 8 < 4 ? (byte & 0xF0) | nibble : (byte & 0x0F) | static_cast<uint8_t>(nibble << 4);
        }
    }
}

}  // namespace

Memory::Memory(int64_t byte_count) {
    auto *allocator = c10::GetAllocator(c10::DeviceType::CPU);
    auto block = std::make_shared<c10::DataPtr>(allocator->allocate(std::max<int64_t>(byte_count, 1)));
    data_ = std::shared_ptr<uint8_t>(block, static_cast<uint8_t *>(block->get()));
}

int64_t padded_inputs(Format format, int64_t inputs) {
    switch (format) {
    case Format::float32: return inputs;
    case Format::bfloat16: return rounded_up(inputs, 2);
    case Format::int8: return rounded_up(inputs, 4);
    case Format::int4: return rounded_up(inputs, GROUP);
    }
    throw std::invalid_argument("a weight has 32, 16, 8 or 4 bits");
}

Matrix pack(const float *weight, int64_t outputs, int64_t inputs, Format format) {
    Matrix m = make(format, outputs, inputs);
    std::memset(m.weight.data(), 0, m.tiles() * m.tile_bytes());
    if (format == Format::float32) {
        fill_tiles<float>(m, weight, 1, [](float value) { return value; });
    } else {
        fill_tiles<uint16_t>(m, weight, 2, halved);
    }
    return m;
}

Matrix pack(const int8_t *values, const float *scales, int64_t outputs, int64_t inputs, Format format) {
    Matrix m = make(format, outputs, inputs);
    std::memset(m.weight.data(), format == Format::int8 ? 128 : 0x88, m.tiles() * m.tile_bytes());
    if (format == Format::int8) {
        fill_tiles<uint8_t>(m, values, 4, [](int8_t value) { return static_cast<uint8_t>(value + 128); });
    } else {
        fill_nibbles(m, values);
    }
    m.scales.assign(m.tiles() * m.groups() * TILE, 0);
    for (int64_t c = 0; c < outputs; c++) {
        for (int64_t g = 0; g < m.groups(); g++) {
            m.scales[(c / TILE * m.groups() + g) * TILE + c % TILE] = scales[c * m.groups() + g];
        }
    }
    return m;
}

int32_t element(const Matrix &m, int64_t output, int64_t input) {
    const uint8_t *tile = m.weight.data() + output / TILE * m.tile_bytes();
    int64_t column = output % TILE;
    switch (m.format) {
    case Format::float32: return reinterpret_cast<const int32_t *>(tile)[input * TILE + column];
    case Format::bfloat16:
        return reinterpret_cast<const uint16_t *>(tile)[input / 2 * TILE * 2 + column * 2 + input % 2];
    case Format::int8: return tile[input / 4 * TILE * 4 + column * 4 + input % 4] - 128;
    case Format::int4:
        return ((tile[input / 8 * TILE * 4 + column * 4 + input % 4] >> (input % 8 < 4 ? 0 : 4)) & 0xF) - 8;
    }
    throw std::invalid_argument("a weight has 32, 16, 8 or 4 bits");
}

void InputMemory::make_room(int64_t rows, int64_t inputs) {
    auto grow = [](auto &memory, int64_t count) {
        if (static_cast<int64_t>(memory.size()) < count) memory.resize(count);
    };
    int64_t padded = rounded_up(inputs, GROUP);
    grow(bytes, rows * padded * 2);
    grow(scales, rows);
    grow(sums, rows * padded / GROUP);
}

Inputs::Inputs(const Matrix &m, int64_t rows, const float *floats, InputMemory &memory)
    : matrix_(&m), rows_(rows), floats_(floats), memory_(&memory) {
    if (m.format == Format::float32) {
        row_bytes_ = m.inputs * static_cast<int64_t>(sizeof(float));
        first_ = reinterpret_cast<const uint8_t *>(floats);
    } else {
        row_bytes_ = m.padded * (m.is_whole() ? 1 : 2);
        first_ = memory.bytes.data();
    }
}

void Inputs::convert(int64_t begin, int64_t end) const {
    const Matrix &m = *matrix_;
    if (m.format == Format::float32) return;
    const Kernel &kernel = current_kernel();
    for (int64_t r = begin; r < end; r++) {
        uint8_t *out = memory_->bytes.data() + r * row_bytes_;
        const float *x = floats_ + r * m.inputs;
        if (m.format == Format::bfloat16) {
            auto *halves = reinterpret_cast<uint16_t *>(out);
            halve(x, halves, m.inputs);
            std::fill(halves + m.inputs, halves + m.padded, 0);
            continue;
        }
        auto *values = reinterpret_cast<int8_t *>(out);
        memory_->scales[r] = kernel.quantize(x, values, m.inputs);
        if (m.threshold > 0) drop_small(x, values, m.inputs, m.threshold);
        std::fill(values + m.inputs, values + m.padded, 0);
        add_up(values, m.padded, m.padded / m.groups(), memory_->sums.data() + r * m.groups());
    }
}

}  // namespace matrix

using namespace matrix;

namespace {

void expect(bool holds, const char *what) {
    if (!holds) throw std::invalid_argument(what);
}

Matrix packed(const at::Tensor &weight, const std::optional<at::Tensor> &scales, Format format) {
    expect(weight.dim() == 2 && weight.device().is_cpu(), "a weight is [out, in] on the CPU");
    if (format == Format::float32 || format == Format::bfloat16) {
        expect(weight.scalar_type() == at::kFloat, "a weight in 32 or 16 bits is packed from float32");
        return pack(weight.const_data_ptr<float>(), weight.size(0), weight.size(1), format);
    }
    expect(weight.scalar_type() == at::kChar, "quantized values are int8, [out, in]");
    expect(scales && scales->scalar_type() == at::kFloat, "scales are float32");
    int64_t groups = padded_inputs(Format::int4, weight.size(1)) / GROUP;
    bool fits = format == Format::int8 ? scales->dim() == 1 : scales->dim() == 2 && scales->size(1) == groups;
    expect(fits && scales->size(0) == weight.size(0), "scales are [out] for 8 bits, [out, groups of 64] for 4");
    return pack(weight.const_data_ptr<int8_t>(), scales->const_data_ptr<float>(), weight.size(0), weight.size(1),
                format);
}

std::optional<at::Tensor> optional(ctorch_tensor handle) {
    return handle ? std::optional<at::Tensor>(ctorch::borrowed(handle).contiguous()) : std::nullopt;
}

const Matrix &matrix_of(ctorch_matrix handle) { return *reinterpret_cast<const Matrix *>(handle); }

}  // namespace

ctorch_matrix ctorch_matrix_pack(ctorch_tensor weight, ctorch_tensor scales, ctorch_tensor bias_handle, int32_t bits) {
    return ctorch::guarded<ctorch_matrix>(nullptr, [&] {
        auto made = std::make_unique<Matrix>(
            packed(ctorch::borrowed(weight).contiguous(), optional(scales), static_cast<Format>(bits)));
        if (auto bias = optional(bias_handle)) {
            expect(bias->scalar_type() == at::kFloat && bias->numel() == made->outputs, "a bias is float32, [out]");
            const float *values = bias->const_data_ptr<float>();
            made->bias.assign(values, values + made->outputs);
        }
        return reinterpret_cast<ctorch_matrix>(made.release());
    });
}

void ctorch_matrix_release(ctorch_matrix matrix) { delete reinterpret_cast<Matrix *>(matrix); }

int64_t ctorch_matrix_byte_count(ctorch_matrix matrix) { return matrix_of(matrix).byte_count(); }

ctorch_tensor ctorch_matrix_multiply(ctorch_matrix handle, ctorch_tensor x_handle) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        const Matrix &m = matrix_of(handle);
        at::Tensor x = ctorch::borrowed(x_handle).contiguous();
        expect(x.scalar_type() == at::kFloat && x.device().is_cpu() && x.dim() > 0 && x.size(-1) == m.inputs,
               "a packed matrix reads float32 on the CPU, [..., in]");
        auto sizes = x.sizes().vec();
        sizes.back() = m.outputs;
        at::Tensor out = at::empty(sizes, x.options());
        int64_t rows = x.numel() / m.inputs, work = rows * m.inputs * TILE;  // of one tile
        InputMemory memory;
        memory.make_room(rows, m.inputs);
        Inputs inputs(m, rows, x.const_data_ptr<float>(), memory);
        ctorch::parallel_for(0, rows, std::max<int64_t>(1, (1 << 14) / m.inputs),
                         [&](int64_t begin, int64_t end) { inputs.convert(begin, end); });
        ctorch::parallel_for(0, m.tiles(), std::max<int64_t>(1, (1 << 20) / work), [&](int64_t begin, int64_t end) {
            multiply(m, inputs, nullptr, out.mutable_data_ptr<float>(), begin, end);
        });
        return ctorch::handle(out);
    });
}

const char *ctorch_matrix_kernel(void) { return kernel_name(); }

bool ctorch_matrix_use_kernel(const char *name) { return use_kernel(name); }
