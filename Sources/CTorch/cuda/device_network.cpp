#include "device_network.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace ctorch::cuda {

namespace {

constexpr int64_t LARGEST_HEAD = 256, LEAST_ROWS = 64, LEAST_PAGES = 8;

/// What the kernels take for a layer's heads; as `Heads` in source_attention.h.
struct PagedHeads {
    int query, key, size, layer, in_8_bits;
    Address pages;
    size_t page_bytes;
    int head_bytes;
};

Memory uploaded(const at::Tensor &tensor) {
    if (!tensor.defined()) return {};
    Memory memory(tensor.numel() * sizeof(float));
    memory.fill(tensor.const_data_ptr<float>(), memory.byte_count());
    return memory;
}

int64_t grown(int64_t room, int64_t least, int64_t needed) {
    room = std::max(room, least);
    while (room < needed) room *= 2;
    return room;
}

/// The device, current to this thread, if it computes the network and has room for it.
Device &opened(int number, const Network &network, size_t reserve) {
    if (network.heads.size % 8 != 0 || network.heads.size > LARGEST_HEAD) {
        throw std::invalid_argument("heads of " + std::to_string(network.heads.size) +
                                    " numbers are not computed on a device: a multiple of 8 up to 256 is");
    }
    Device &device = Device::get(number);
    device.use();
    size_t needed = network.embedding.nbytes() + network.head.byte_count(), left = 0, total = 0;
    for (const NetworkLayer &layer : network.layers) {
        for (const matrix::Matrix *m : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down}) {
            needed += m->byte_count();
        }
    }
    check(Driver::get().cuMemGetInfo(&left, &total), "asking a device for its memory");
    if (needed + reserve <= left) return device;
    throw std::runtime_error("the model takes " + std::to_string(needed >> 20) + " MiB and its keys and values " +
                             std::to_string(reserve >> 20) + ", but " + device.name() + " has " +
                             std::to_string(left >> 20) +
                             " MiB left; take fewer bits, a smaller cache or another device");
}

void make_room(Memory &memory, size_t byte_count) {
    memory = Memory();
    memory = Memory(byte_count);
}

}  // namespace

DevicePages::DevicePages(int device, int64_t layers, const HeadShape &heads, int64_t count, bool in8Bits)
    : device_(Device::get(device)), page_bytes_(Pages::page_bytes(layers, heads, in8Bits)), in8Bits_(in8Bits) {
    device_.use();
    memory_ = Memory(count * page_bytes_);
}

DevicePages::~DevicePages() { device_.use(); }

void DevicePages::copy(int64_t from, int64_t to) const {
    device_.use();
    check(Driver::get().cuMemcpyDtoD(address() + to * page_bytes_, address() + from * page_bytes_, page_bytes_),
          "copying a page");
}

DeviceStepper::DeviceStepper(int device, const Network &network, size_t reserve)
    : device_(opened(device, network, reserve)), heads_(network.heads), hidden_(network.hidden()),
      inner_(network.inner()), eps_(static_cast<float>(network.eps)), embedding_(uploaded(network.embedding)),
      norm_(uploaded(network.norm)), head_(network.head, false), stream_(device_) {
    for (const NetworkLayer &layer : network.layers) {
        layers_.push_back({uploaded(layer.input_norm), uploaded(layer.post_norm), uploaded(layer.query_norm),
                           uploaded(layer.key_norm), DeviceMatrix(layer.qkv, false), DeviceMatrix(layer.output, false),
                           DeviceMatrix(layer.gate_up, true), DeviceMatrix(layer.down, false), layer.window});
    }
}

DeviceStepper::~DeviceStepper() { device_.use(); }

void DeviceStepper::make_room(int64_t rows, int64_t read, int64_t table_step, const StepRows &step) {
    if (known_cosines_ != step.cosines || known_positions_ != step.positions) {
        size_t count = step.positions * heads_.size / 2 * sizeof(float);
        cuda::make_room(cosines_, count);
        cuda::make_room(sines_, count);
        cosines_.fill(step.cosines, count);
        sines_.fill(step.sines, count);
        known_cosines_ = step.cosines;
        known_positions_ = step.positions;
        graphs_.clear();
    }
    size_t logits = read * head_.width() * sizeof(float);
    if (logits > logits_.byte_count()) {
        graphs_.clear();
        read = grown(1, 1, read);
        logits = read * head_.width() * sizeof(float);
        cuda::make_room(logits_, logits);
        cuda::make_room(picks_, read * (sizeof(ctorch_pick) + sizeof(int32_t)));
        picks_here_ = PinnedMemory(picks_.byte_count());
    }
    if (rows <= places_.rows && table_step <= places_.table_step) return;
    graphs_.clear();
    places_.rows = grown(places_.rows, LEAST_ROWS, rows);
    places_.table_step = grown(places_.table_step, LEAST_PAGES, table_step);
    size_t numbers = (4 * places_.rows + places_.rows * places_.table_step) * sizeof(int32_t);
    numbers_ = PinnedMemory(numbers);
    cuda::make_room(numbers_there_, numbers);
    size_t column = places_.rows * sizeof(int32_t);
    places_.tokens = numbers_there_.address();
    places_.positions = places_.tokens + column;
    places_.sequences = places_.positions + column;
    places_.read = places_.sequences + column;
    places_.tables = places_.read + column;
    auto floats = [&](int64_t width) { return places_.rows * width * sizeof(float); };
    cuda::make_room(x_, floats(hidden_));
    cuda::make_room(projected_, floats(heads_.width()));
    cuda::make_room(turned_, floats(heads_.query * heads_.size));
    cuda::make_room(floats_, floats(std::max(heads_.query * heads_.size, inner_)));
    size_t widest = head_.operand_row_bytes();
    for (const Layer &layer : layers_) {
        for (const DeviceMatrix *m : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down}) {
            widest = std::max(widest, m->operand_row_bytes());
        }
    }
    operand_.make_room(places_.rows, widest);
    halves_.make_room(places_.rows, widest);
}

/// Puts the step's numbers where they are copied from; returns how many there are.
int64_t DeviceStepper::gather(const StepRows &step) {
    auto *tokens = reinterpret_cast<int32_t *>(numbers_.data()), *positions = tokens + places_.rows;
    int32_t *sequences = positions + places_.rows, *read = sequences + places_.rows, *tables = read + places_.rows;
    int64_t row = 0;
    for (int64_t s = 0; s < step.sequences; s++) {
        for (int64_t t = 0; t < step.lengths[s]; t++, row++) {
            tokens[row] = step.tokens[row];
            positions[row] = static_cast<int32_t>(step.pasts[s] + t);
            sequences[row] = static_cast<int32_t>(s);
        }
        std::copy_n(step.tables + s * step.table_step, step.table_step, tables + s * places_.table_step);
    }
    std::copy_n(step.read, step.read_count, read);
    return 4 * places_.rows + step.sequences * places_.table_step;
}

void DeviceStepper::multiply(const DeviceMatrix &matrix, const DeviceMatrix::Rows &rows,
                             const DeviceMatrix::Target &target) {
    matrix.multiply(device_, stream_, operand_, rows, eps_, target);
}

void DeviceStepper::start_layer(const Layer &layer, int64_t number, int64_t rows, const DevicePages &pages) {
    auto count = static_cast<unsigned>(rows);
    auto table_step = static_cast<int>(places_.table_step);
    PagedHeads heads{static_cast<int>(heads_.query), static_cast<int>(heads_.key), static_cast<int>(heads_.size),
                     static_cast<int>(number), pages.is_in_8_bits(), pages.address(), pages.page_bytes(),
                     static_cast<int>(pages.page_bytes() / layers_.size() / heads_.key)};
    multiply(layer.qkv, {rows, x_.address(), layer.input_norm.address()}, {projected_.address()});
    stream_.launch(device_.kernel("append_heads"), {count, static_cast<unsigned>(heads_.query + 2 * heads_.key), 32},
                   heads, projected_.address(), layer.query_norm.address(), layer.key_norm.address(), eps_,
                   cosines_.address(), sines_.address(), places_.positions, places_.sequences, places_.tables,
                   table_step, turned_.address());

    auto takes_halves = [](const DeviceMatrix &m) { return m.bits() == 16 && m.inputs() % 16 == 0; };
    bool in_halves = takes_halves(layer.output);
    int64_t width = 1;
    while (32 * width < heads_.size) width *= 2;
    stream_.launch(device_.kernel("attend_" + std::to_string(width)), {count, static_cast<unsigned>(heads_.query)},
                   heads, turned_.address(),
                   places_.positions, places_.sequences, places_.tables, table_step, static_cast<int>(layer.window),
                   heads_.scale(), floats_.address(), in_halves ? halves_.bytes.address() : Address(0),
                   layer.output.tiles());
    auto mixed = [&] {
        return in_halves ? DeviceMatrix::Rows{.count = rows, .prepared = &halves_}
                         : DeviceMatrix::Rows{.count = rows, .floats = floats_.address()};
    };
    multiply(layer.output, mixed(), {x_.address(), x_.address()});

    in_halves = takes_halves(layer.down);
    DeviceMatrix::Target target{floats_.address()};
    if (in_halves) target = {0, 0, &halves_, &layer.down};
    multiply(layer.gate_up, {rows, x_.address(), layer.post_norm.address()}, target);
    multiply(layer.down, mixed(), {x_.address(), x_.address()});
}

void DeviceStepper::start(const StepRows &step, int64_t rows, int64_t numbers, const DevicePages &pages) {
    stream_.copy(numbers_there_.address(), numbers_.data(), numbers * sizeof(int32_t));
    stream_.launch(device_.kernel("embed"), {static_cast<unsigned>(rows)}, embedding_.address(), places_.tokens,
                   x_.address(), static_cast<int>(hidden_));
    for (size_t i = 0; i < layers_.size(); i++) start_layer(layers_[i], static_cast<int64_t>(i), rows, pages);
    if (step.read_count == 0) return;
    multiply(head_, {step.read_count, x_.address(), norm_.address(), places_.read}, {logits_.address()});
}

void DeviceStepper::step(const StepRows &step, const PageMemory &memory, float *logits, int) {
    const auto *pages = dynamic_cast<const DevicePages *>(&memory);
    if (!pages) throw std::invalid_argument("a network on a device takes pages on a device");
    device_.use();
    int64_t rows = step.count();
    // A step before may still read the numbers that are about to be written over.
    stream_.finish();
    make_room(rows, step.read_count, step.table_step, step);
    int64_t numbers = gather(step);
    if (graphs_pages_ != pages->address()) graphs_.clear();
    graphs_pages_ = pages->address();
    if (rows != step.sequences || rows != step.read_count) {
        start(step, rows, numbers, *pages);
    } else if (auto found = graphs_.find(rows); found == graphs_.end()) {
        graphs_[rows] = nullptr;
        start(step, rows, numbers, *pages);
    } else {
        if (!found->second) {
            found->second = std::make_unique<Graph>(stream_, [&] { start(step, rows, numbers, *pages); });
        }
        found->second->launch(stream_);
    }
    read_count_ = step.read_count;
    if (!logits) return;
    stream_.finish();
    if (read_count_ == 0) return;
    check(Driver::get().cuMemcpyDtoH(logits, logits_.address(), read_count_ * head_.width() * sizeof(float)),
          "copying logits");
}

void DeviceStepper::copy_logits(const int32_t *rows, int64_t count, float *logits) {
    device_.use();
    stream_.finish();
    size_t row_bytes = head_.width() * sizeof(float);
    for (int64_t i = 0; i < count; i++) {
        if (rows[i] < 0 || rows[i] >= read_count_) throw std::out_of_range("the last step did not read such a row");
        Address row = logits_.address() + rows[i] * row_bytes;
        check(Driver::get().cuMemcpyDtoH(logits + i * head_.width(), row, row_bytes), "copying logits");
    }
}

void DeviceStepper::pick_likeliest(const int32_t *rows, int64_t count, ctorch_pick *picks) {
    device_.use();
    // One row may be picked from more than once.
    for (int64_t first = 0; first < count; first += read_count_) {
        int64_t part = std::min(count - first, read_count_);
        for (int64_t i = first; i < first + part; i++) {
            if (rows[i] < 0 || rows[i] >= read_count_) throw std::out_of_range("the last step did not read such a row");
        }
        size_t pick_bytes = part * sizeof(ctorch_pick), row_bytes = part * sizeof(int32_t);
        Address places = picks_.address() + picks_.byte_count() / (sizeof(ctorch_pick) + sizeof(int32_t)) *
                                                sizeof(ctorch_pick);
        std::memcpy(picks_here_.data() + pick_bytes, rows + first, row_bytes);
        stream_.copy(places, picks_here_.data() + pick_bytes, row_bytes);
        stream_.launch(device_.kernel("likeliest"), {static_cast<unsigned>(part)}, logits_.address(), places,
                       head_.width(), picks_.address());
        stream_.copy(picks_here_.data(), picks_.address(), pick_bytes);
        stream_.finish();
        std::memcpy(picks + first, picks_here_.data(), pick_bytes);
    }
}

}  // namespace ctorch::cuda
