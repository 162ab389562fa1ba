#include "device_matrix.h"

#include "../parallel.h"

#include <algorithm>
#include <stdexcept>

namespace ctorch::cuda {

namespace {

constexpr int64_t OUTPUTS = 16, HALF = OUTPUTS / 2, ROWS = 64, WARPS = 8;
constexpr unsigned THREADS = 32 * WARPS;
constexpr size_t LARGEST_SHARED_ROW = 40 << 10;  // of the 48 KiB that a block has without asking

/// What the kernels take for a product; as `Product` in source_product.h.
struct Product {
    Address weight, scales, bias, operand, row_scales, floats, norm, read, residual, out, halves;
    int inputs, outputs, tiles, half_tiles, rows, width, is_gated;
    float eps, threshold;
};

int64_t quotient(int64_t count, int64_t size) { return (count + size - 1) / size; }

/// Which output of the source stands where; -1 for none.
std::vector<int64_t> order_of(const matrix::Matrix &m, bool is_gated) {
    int64_t inner = m.outputs / 2, tiles = is_gated ? quotient(inner, HALF) : quotient(m.outputs, OUTPUTS);
    std::vector<int64_t> order(tiles * OUTPUTS, -1);
    for (int64_t i = 0; i < tiles * OUTPUTS; i++) {
        int64_t output = is_gated ? i / OUTPUTS * HALF + i % HALF : i;
        if (output >= (is_gated ? inner : m.outputs)) continue;
        order[i] = is_gated && i % OUTPUTS >= HALF ? inner + output : output;
    }
    return order;
}

/// Tiles of 16 outputs by 32 bytes of inputs, in the order of a warp's registers; in 4 bits, of 64 inputs.
std::vector<uint8_t> packed(const matrix::Matrix &m, const std::vector<int64_t> &order, int64_t units) {
    auto bits = static_cast<int64_t>(m.format);
    auto tiles = static_cast<int64_t>(order.size()) / OUTPUTS;
    std::vector<uint8_t> bytes(tiles * units * 512);
    auto value = [&](int64_t output, int64_t input) -> uint32_t {
        return output < 0 || input >= m.inputs ? 0 : static_cast<uint32_t>(matrix::element(m, output, input));
    };
    auto byte_of = [&](int64_t output, int64_t unit, int64_t byte) -> uint8_t {
        if (bits == 16) return static_cast<uint8_t>(value(output, 16 * unit + byte / 2) >> (8 * (byte % 2)));
        if (bits == 8) return static_cast<uint8_t>(value(output, 32 * unit + byte));
        return static_cast<uint8_t>((value(output, 64 * unit + byte) & 0xF) |
                                    (value(output, 64 * unit + 32 + byte) & 0xF) << 4);
    };
    ctorch::parallel_for(0, tiles, 1, [&](int64_t begin, int64_t end) {
        for (int64_t tile = begin; tile < end; tile++) {
            for (int64_t i = 0; i < units * 512; i++) {
                int64_t unit = i / 512, lane = i % 512 / 16, part = i % 16 / 4;
                int64_t output = order[tile * OUTPUTS + lane / 4 + part % 2 * HALF];
                bytes[tile * units * 512 + i] = byte_of(output, unit, lane % 4 * 4 + part / 2 * 16 + i % 4);
            }
        }
    });
    return bytes;
}

std::vector<float> scales_of(const matrix::Matrix &m, const std::vector<int64_t> &order) {
    std::vector<float> scales;
    auto scale = [&](int64_t output, int64_t group) {
        if (output < 0) return 0.0f;
        return m.scales[(output / matrix::TILE * m.groups() + group) * matrix::TILE + output % matrix::TILE];
    };
    for (size_t tile = 0; tile < order.size(); tile += OUTPUTS) {
        for (int64_t group = 0; group < m.groups(); group++) {
            for (int64_t i = 0; i < OUTPUTS; i++) scales.push_back(scale(order[tile + i], group));
        }
    }
    return scales;
}

template <typename Value> Memory uploaded(const std::vector<Value> &values) {
    Memory memory(values.size() * sizeof(Value));
    memory.fill(values.data(), values.size() * sizeof(Value));
    return memory;
}

}  // namespace

void Operand::make_room(int64_t rows, size_t row_bytes) {
    int64_t room = quotient(rows, ROWS) * ROWS;
    bytes = Memory(room * row_bytes);
    scales = Memory(room * sizeof(float));
}

DeviceMatrix::DeviceMatrix(const matrix::Matrix &m, bool is_gated)
    : bits_(static_cast<int>(m.format)), inputs_(static_cast<int>(m.inputs)), outputs_(static_cast<int>(m.outputs)),
      width_(static_cast<int>(is_gated ? m.outputs / 2 : m.outputs)), is_gated_(is_gated), threshold_(m.threshold) {
    if (m.format == matrix::Format::float32) {
        if (m.inputs % 4 != 0) throw std::invalid_argument("in 32 bits a device's matrix has inputs in fours");
        std::vector<int32_t> rows(m.outputs * m.inputs);
        ctorch::parallel_for(0, m.outputs, 1, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin * m.inputs; i < end * m.inputs; i++) {
                rows[i] = matrix::element(m, i / m.inputs, i % m.inputs);
            }
        });
        weight_ = uploaded(rows);
        if (!m.bias.empty()) bias_ = uploaded(m.bias);
        return;
    }
    int64_t unit = bits_ == 16 ? 16 : bits_ == 8 ? 32 : 64, units = quotient(m.inputs, unit);
    std::vector<int64_t> order = order_of(m, is_gated);
    tiles_ = static_cast<int>(bits_ == 4 ? 2 * units : units);
    outputs_ = static_cast<int>(order.size());
    weight_ = uploaded(packed(m, order, units));
    if (m.is_whole()) scales_ = uploaded(scales_of(m, order));
    if (!m.bias.empty()) {
        std::vector<float> bias(order.size());
        for (size_t i = 0; i < order.size(); i++) bias[i] = order[i] < 0 ? 0 : m.bias[order[i]];
        bias_ = uploaded(bias);
    }
}

size_t DeviceMatrix::operand_row_bytes() const { return bits_ == 32 ? 4 * inputs_ : 32 * tiles_; }

void DeviceMatrix::multiply(Device &device, Stream &stream, const Operand &room, const Rows &rows, float eps,
                            const Target &target) const {
    bool is_one = rows.count == 1 && !rows.prepared && bits_ < 32 && operand_row_bytes() <= LARGEST_SHARED_ROW;
    if (!rows.prepared && !is_one) {
        stream.launch(device.kernel("prepare_rows"), {static_cast<unsigned>(rows.count)}, rows.floats, rows.norm,
                      rows.read, room.bytes.address(), room.scales.address(), inputs_, tiles_, bits_, eps, threshold_);
    }
    const Operand &operand = rows.prepared ? *rows.prepared : room;
    Product product{weight_.address(), scales_.address(), bias_.address(), operand.bytes.address(),
                    operand.scales.address(), rows.floats, rows.norm, rows.read, target.residual, target.out,
                    target.operand ? target.operand->bytes.address() : 0, inputs_, outputs_, tiles_,
                    target.next ? target.next->tiles() : 0, static_cast<int>(rows.count), width_, is_gated_, eps,
                    threshold_};
    std::string name = "multiply_" + std::to_string(bits_);
    auto launch = [&](const std::string &variant, int64_t x, int64_t y, size_t shared = 0) {
        stream.launch(device.kernel(name + variant),
                      {static_cast<unsigned>(x), static_cast<unsigned>(y), THREADS, static_cast<unsigned>(shared)},
                      product);
    };
    if (bits_ == 32) {
        int64_t together = rows.count == 1 ? 1 : 8;
        return launch(rows.count == 1 ? "_1" : "_8", quotient(width_, WARPS), quotient(rows.count, together));
    }
    int64_t tiles = outputs_ / OUTPUTS;
    if (is_one) return launch("_one", tiles, 1, operand_row_bytes());
    if (rows.count > ROWS) return launch("_many", quotient(tiles, WARPS), quotient(rows.count, ROWS));
    int64_t together = 1;
    while (8 * together < rows.count) together *= 2;
    launch("_" + std::to_string(together), tiles, 1);
}

}  // namespace ctorch::cuda
