// Packed matrices on a device, and products with them.
#pragma once

#include "../matrix.h"
#include "kernels.h"

#include <vector>

namespace ctorch::cuda {

/// Rows in the form that matrices of a format multiply: one at a time.
struct Operand {
    Memory bytes, scales;

    /// Room for `rows` rows of any of the matrices, in steps of 64.
    void make_room(int64_t rows, size_t row_bytes);
};

/// A packed matrix as it lies on a device. Where its outputs are gates and then their ups, they stand in turn, so that
/// one warp has both.
class DeviceMatrix {
public:
    DeviceMatrix() = default;
    DeviceMatrix(const matrix::Matrix &source, bool is_gated);

    int bits() const { return bits_; }
    int inputs() const { return inputs_; }
    /// What a product gives: the outputs, or half of them where they are gated.
    int width() const { return width_; }
    /// Bytes that a product reads.
    size_t byte_count() const { return weight_.byte_count() + scales_.byte_count(); }
    size_t operand_row_bytes() const;
    /// Tiles of an operand's row; 0 where the row is floats.
    int tiles() const { return tiles_; }

    /// Rows that a product reads.
    struct Rows {
        int64_t count;
        Address floats = 0;                // [count, inputs], or all rows where only some are read
        Address norm = 0, read = 0;        // what normalizes them, and which of them are meant; 0 for neither
        const Operand *prepared = nullptr; // or an operand that they are already
    };

    /// Where a product goes: to `out` [rows, width], or as the operand of `next`, a matrix of 16 bits.
    struct Target {
        Address out = 0, residual = 0;
        const Operand *operand = nullptr;
        const DeviceMatrix *next = nullptr;
    };

    /// Multiplies rows, which become an operand in `room` before, unless they are a single one or prepared.
    void multiply(Device &device, Stream &stream, const Operand &room, const Rows &rows, float eps,
                  const Target &target) const;

private:
    int bits_ = 32, inputs_ = 0, outputs_ = 0, width_ = 0, tiles_ = 0;
    bool is_gated_ = false;
    float threshold_ = 0;
    Memory weight_, scales_, bias_;
};

}  // namespace ctorch::cuda
