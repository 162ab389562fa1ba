// Linear layers of served models: weights in 32, 16, 8 or 4 bits, packed in tiles of 64 columns, and rows of
// activations in the form that they multiply.
//
// A row's sums run in one order whatever rows are beside it and whoever computes which tile, so its result has the same
// bits in any batch and with any number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace matrix {

constexpr int64_t TILE = 64;   // columns that stand together
constexpr int64_t GROUP = 64;  // inputs that share a scale, where weights have 4 bits

enum class Format : int32_t { int4 = 4, int8 = 8, bfloat16 = 16, float32 = 32 };

/// Memory for what is read from one end to the other: in large pages, where the system has them.
class Memory {
public:
    Memory() = default;
    explicit Memory(int64_t byte_count);

    uint8_t *data() const { return data_.get(); }

private:
    std::shared_ptr<uint8_t> data_;
};

/// A packed weight.
///
/// Of a tile, what the processor multiplies at one step lies together, 256 bytes that four registers hold: of all 64
/// columns, one input in 32 bits, two in 16, four in 8, eight in 4.
struct Matrix {
    Format format;
    int64_t inputs, outputs;
    int64_t padded;            // inputs, with what fills up the last step or group
    Memory weight;             // tiles; whole numbers are kept with an offset, 128 or 8, since the processor multiplies
                               // unsigned by signed bytes
    std::vector<float> scales; // [tiles, TILE] for 8 bits, [tiles, groups, TILE] for 4
    std::vector<float> bias;   // [outputs], or empty
    float threshold = 0;       // inputs nearer to 0 than this count as 0, for 8 bits
    Memory by_input{};         // where there is a threshold, the weight as [padded, tiles, TILE] for single rows

    int64_t tiles() const { return (outputs + TILE - 1) / TILE; }
    int64_t groups() const { return format == Format::int4 ? padded / GROUP : 1; }
    int64_t tile_bytes() const { return TILE * padded * static_cast<int64_t>(format) / 8; }
    int64_t byte_count() const { return tiles() * tile_bytes() + 4 * static_cast<int64_t>(scales.size()); }
    bool is_whole() const { return format == Format::int8 || format == Format::int4; }
};

int64_t padded_inputs(Format format, int64_t inputs);

/// Packs `[outputs, inputs]` numbers in 32 or 16 bits.
Matrix pack(const float *weight, int64_t outputs, int64_t inputs, Format format);
/// Packs whole numbers in 8 bits, or -8 to 7 in 4; their scales are `[outputs]` or `[outputs, groups]`.
Matrix pack(const int8_t *values, const float *scales, int64_t outputs, int64_t inputs, Format format);

/// One weight as it is kept: the bits of a float or of its upper half, or a whole number.
int32_t element(const Matrix &matrix, int64_t output, int64_t input);

/// From here on inputs nearer to 0 than `threshold` count as 0, and a single row does not read their weights.
void skip_small_inputs(Matrix &matrix, float threshold);

/// Where rows of activations are converted.
struct InputMemory {
    std::vector<uint8_t> bytes;
    std::vector<float> scales;
    std::vector<int32_t> sums;

    /// Room for so many rows of a matrix of any format with so many inputs.
    void make_room(int64_t rows, int64_t inputs);
};

/// Rows of activations in the form that a matrix multiplies. It owns nothing: threads that convert some rows each have
/// one of the same memory.
class Inputs {
public:
    /// Of floats that lie in rows of the matrix's inputs; 32 bits are read where they are.
    Inputs(const Matrix &matrix, int64_t rows, const float *floats, InputMemory &memory);

    /// Converts rows begin..<end.
    void convert(int64_t begin, int64_t end) const;

    const uint8_t *row(int64_t r) const { return first_ + r * row_bytes_; }
    int64_t row_bytes() const { return row_bytes_; }
    const float *scales(int64_t r) const { return memory_->scales.data() + r; }
    const int32_t *sums(int64_t r) const { return memory_->sums.data() + r * matrix_->groups(); }
    int64_t rows() const { return rows_; }

private:
    const Matrix *matrix_;
    int64_t rows_, row_bytes_;
    const float *floats_;
    InputMemory *memory_;
    const uint8_t *first_;
};

/// out = rows · weightᵀ + bias, for the tiles begin..<end; with `residual`, that is added. Both are `[rows, outputs]`
/// and may be the same.
void multiply(const Matrix &matrix, const Inputs &inputs, const float *residual, float *out, int64_t begin,
              int64_t end);

/// The same for a single row and a matrix with a threshold, in the same bits; what is 0 is not read.
void multiply_row(const Matrix &matrix, const Inputs &inputs, const float *residual, float *out, int64_t begin,
                  int64_t end);

/// Makes those of a row's values 0 whose numbers are nearer to 0 than `threshold`.
void drop_small(const float *x, int8_t *values, int64_t size, float threshold);

/// The kernel in use: "avx512_vnni", "avx2" or "plain", the first that this processor has and that agrees with "plain".
const char *kernel_name();

/// Takes another kernel, for tests and comparisons; false where this processor has it not.
bool use_kernel(const char *name);

}  // namespace matrix
