// A network's steps on a device.
#pragma once

#include "../include/ctorch.h"
#include "../network.h"
#include "device_matrix.h"

#include <map>
#include <memory>
#include <vector>

namespace ctorch::cuda {

/// Keys and values on a device, in pages of 16 tokens; as `ctorch::Pages`, but with keys in columns of four numbers.
class DevicePages final : public PageMemory {
public:
    DevicePages(int device, int64_t layers, const HeadShape &heads, int64_t count, bool in8Bits);
    ~DevicePages() override;

    void copy(int64_t from, int64_t to) const override;
    Address address() const { return memory_.address(); }
    size_t page_bytes() const { return page_bytes_; }
    bool is_in_8_bits() const { return in8Bits_; }

private:
    Device &device_;
    size_t page_bytes_;
    bool in8Bits_;
    Memory memory_;
};

/// Computes steps on a device. As on the processor, a row's logits and what it leaves in its pages have the same bits
/// whatever rows are beside it and however its sequence is cut into steps; in whole numbers products have the
/// processor's bits too, all else differs from it by rounding.
///
/// A step in which every sequence has one new token is recorded when its number of rows comes up a second time, and
/// started as one graph from then on.
class DeviceStepper final : public Computer {
public:
    /// Copies a network there. Throws where the device has no room for it and for `reserve` bytes besides.
    DeviceStepper(int device, const Network &network, size_t reserve);
    ~DeviceStepper() override;

    /// Without `logits` they stay on the device, until the next step.
    void step(const StepRows &rows, const PageMemory &pages, float *logits, int threads) override;

    /// Logits of rows that the last step read, `[count, vocabulary]`.
    void copy_logits(const int32_t *rows, int64_t count, float *logits);

    /// The likeliest tokens of rows that the last step read.
    void pick_likeliest(const int32_t *rows, int64_t count, ctorch_pick *picks);

private:
    struct Layer {
        Memory input_norm, post_norm, query_norm, key_norm;
        DeviceMatrix qkv, output, gate_up, down;
        int64_t window;
    };
    /// Where the step's numbers stand in the memory that is copied to the device at once.
    struct Places {
        int64_t rows = 0, table_step = 0;
        Address tokens, positions, sequences, read, tables;
    };

    void make_room(int64_t rows, int64_t read, int64_t table_step, const StepRows &step);
    int64_t gather(const StepRows &step);
    void start(const StepRows &step, int64_t rows, int64_t numbers, const DevicePages &pages);
    void start_layer(const Layer &layer, int64_t number, int64_t rows, const DevicePages &pages);
    void multiply(const DeviceMatrix &matrix, const DeviceMatrix::Rows &rows, const DeviceMatrix::Target &target);

    Device &device_;
    HeadShape heads_;
    int64_t hidden_, inner_;
    float eps_;
    Memory embedding_, norm_;
    DeviceMatrix head_;
    std::vector<Layer> layers_;

    Stream stream_;
    Places places_;
    PinnedMemory numbers_, picks_here_;
    Memory numbers_there_, logits_, picks_, cosines_, sines_, x_, projected_, turned_, floats_;
    const float *known_cosines_ = nullptr;
    int64_t known_positions_ = 0;
    int64_t read_count_ = 0;
    Operand operand_, halves_;
    std::map<int64_t, std::unique_ptr<Graph>> graphs_;  // by rows; null where a step of so many was seen once
    Address graphs_pages_ = 0;
};

}  // namespace ctorch::cuda
