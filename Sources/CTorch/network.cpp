#include "network.h"

#include "attention_rows.h"
#include "token_rows.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace ctorch {

namespace {

constexpr int64_t LEAST_PART = 32;  // rows of each thread, times threads

float *room(std::vector<float> &memory, int64_t count) {
    if (static_cast<int64_t>(memory.size()) < count) memory.resize(count);
    return memory.data();
}

const float *numbers(const at::Tensor &tensor) { return tensor.const_data_ptr<float>(); }

const Pages &pages_here(const PageMemory &memory) {
    const auto *pages = dynamic_cast<const Pages *>(&memory);
    if (!pages) throw std::invalid_argument("a network on the processor takes pages of its memory");
    return *pages;
}

}  // namespace

void Stepper::step(const StepRows &rows, const PageMemory &memory, float *logits, int threads) {
    const Pages &pages = pages_here(memory);
    make_crew(threads);
    if (cut(rows, threads)) {
        return crew_->run([&](int thread) {
            const Part &part = parts_[thread];
            steppers_[thread]->step(part.rows, pages, logits + part.read_before * network_.head.outputs, 1);
        });
    }
    run(rows, pages, {.first = 0, .end = network_.layers.size(), .logits = logits}, threads);
}

void Stepper::begin(const StepRows &rows, Pages &pages, size_t end, int threads) {
    pages.keep_hidden(network_.hidden());
    run(rows, pages, {.first = 0, .end = end, .ends_in_pages = true}, threads);
}

void Stepper::finish(const StepRows &rows, const Pages &pages, size_t first, float *logits, int threads) {
    run(rows, pages, {.first = first, .end = network_.layers.size(), .logits = logits, .begins_in_pages = true},
        threads);
}

void Stepper::run(const StepRows &rows, const Pages &pages, const Span &span, int threads) {
    make_crew(threads);
    scratch_.resize(threads);
    make_room(rows);
    crew_->run([&](int thread) { compute(rows, pages, span, thread); });
}

/// All networks that a thread computes share its crew: the threads of a second one would spin where the first's work.
/// Who computes alone has one beside it, since that may be within a run of the other.
void Stepper::make_crew(int threads) {
    static thread_local std::unique_ptr<Crew> crew;
    static thread_local Crew alone(1);
    if (threads == 1) {
        crew_ = &alone;
        return;
    }
    if (!crew || crew->size() != threads) crew = std::make_unique<Crew>(threads);
    crew_ = crew.get();
}

/// Where there are many rows, each thread computes whole sequences, so that none waits for another at the end of every
/// product. All of them read all weights then: so many rows, that this takes little of the time.
bool Stepper::cut(const StepRows &rows, int threads) {
    int64_t count = rows.count();
    if (threads < 2 || count < LEAST_PART * threads * threads) return false;
    parts_.clear();
    int64_t sequence = 0, row = 0, read = 0, longest = 0;
    for (int thread = 0; thread < threads; thread++) {
        int64_t first = row;
        StepRows own = rows;
        own.tokens += row;
        own.lengths += sequence;
        own.pasts += sequence;
        own.tables += sequence * rows.table_step;
        own.sequences = -sequence;
        while (sequence < rows.sequences && row * threads < count * (thread + 1)) row += rows.lengths[sequence++];
        own.sequences += sequence;
        longest = std::max(longest, row - first);
        Part part{own, {}, read};
        for (; read < rows.read_count && rows.read[read] < row; read++) {
            part.read.push_back(static_cast<int32_t>(rows.read[read] - first));
        }
        parts_.push_back(std::move(part));
        parts_.back().rows.read = parts_.back().read.data();
        parts_.back().rows.read_count = static_cast<int64_t>(parts_.back().read.size());
    }
    while (steppers_.size() < parts_.size()) steppers_.push_back(std::make_unique<Stepper>(network_));
    return longest * threads <= count + count / 8;
}

void Stepper::make_room(const StepRows &rows) {
    places_.clear();
    int64_t longest = 0;
    for (int64_t s = 0; s < rows.sequences; s++) {
        for (int64_t t = 0; t < rows.lengths[s]; t++) places_.push_back({s, rows.pasts[s] + t});
        longest = std::max<int64_t>(longest, rows.pasts[s] + rows.lengths[s]);
    }
    auto count = static_cast<int64_t>(places_.size());
    read_before_.assign(count + 1, 0);
    for (int64_t i = 0; i < rows.read_count; i++) read_before_[rows.read[i] + 1] = 1;
    for (int64_t r = 0; r < count; r++) read_before_[r + 1] += read_before_[r];
    const HeadShape &heads = network_.heads;
    room(x_, count * network_.hidden());
    room(last_x_, rows.read_count * network_.hidden());
    room(normed_, count * network_.hidden());
    room(projected_, count * heads.width());
    room(turned_, count * heads.width());
    room(mixed_, count * heads.query * heads.size);
    room(gated_, count * 2 * network_.inner());
    room(activated_, count * network_.inner());
    for (auto &scratch : scratch_) room(scratch, std::max(paged_scratch(longest), heads.width()));
}

void Stepper::convert(const matrix::Matrix &next, const float *floats, int64_t rows, int thread) {
    if (thread == 0) inputs_.prepare(next, rows, floats, next.inputs);
    crew_->meet();
    Share share(rows, thread, crew_->size());
    inputs_.convert(share.begin, share.end);
    crew_->meet();
}

void Stepper::normalize(const at::Tensor &weight, const float *x, int64_t rows, const matrix::Matrix &next,
                        int thread) {
    Share share(rows, thread, crew_->size());
    int64_t size = network_.hidden();
    float scale;
    for (int64_t r = share.begin; r < share.end; r++) {
        rms_norm_rows(x + r * size, numbers(weight), normed_.data() + r * size, &scale, 1, size, network_.eps);
    }
    convert(next, normed_.data(), rows, thread);
}

void Stepper::multiply(const matrix::Matrix &m, const float *residual, float *out, int thread) {
    Share share(m.tiles(), thread, crew_->size());
    matrix::multiply(m, inputs_, residual, out, share.begin, share.end);
    crew_->meet();
}

/// Normalizes heads where the model does, turns queries and keys by their positions, and puts keys and values into the
/// pages.
void Stepper::append(const NetworkLayer &layer, int64_t number, const StepRows &rows, const Pages &pages, int thread) {
    const HeadShape &heads = network_.heads;
    Share share(static_cast<int64_t>(places_.size()), thread, crew_->size());
    float *normed = scratch_[thread].data(), scales[2];
    for (int64_t r = share.begin; r < share.end; r++) {
        auto [sequence, position] = places_[r];
        const float *row = projected_.data() + r * heads.width();
        if (layer.query_norm.defined()) {
            for (int64_t h = 0; h < heads.query + heads.key; h++) {
                const at::Tensor &weight = h < heads.query ? layer.query_norm : layer.key_norm;
                rms_norm_rows(row + h * heads.size, numbers(weight), normed + h * heads.size, scales, 1, heads.size,
                              network_.eps);
            }
            std::copy_n(row + (heads.query + heads.key) * heads.size, heads.key * heads.size,
                        normed + (heads.query + heads.key) * heads.size);
            row = normed;
        }
        float *turned = turned_.data() + r * heads.width();
        int64_t angle = position * heads.size / 2;
        turn_tokens(row, turned, rows.cosines + angle, rows.sines + angle, 1, heads.query + heads.key, heads.key,
                    heads.size, 1);
        int64_t page = rows.tables[sequence * rows.table_step + position / Pages::TOKENS];
        const float *keys = turned + heads.query * heads.size, *values = keys + heads.key * heads.size;
        for (int64_t kv = 0; kv < heads.key; kv++) {
            pages.write(page, position % Pages::TOKENS, number, kv, keys + kv * heads.size, values + kv * heads.size);
        }
    }
    crew_->meet();
}

/// The queries of a sequence that share a key head, token by token, for each sequence and key head.
void Stepper::attend(const NetworkLayer &layer, int64_t number, const StepRows &rows, const Pages &pages, bool onlyRead,
                     int thread) {
    const HeadShape &heads = network_.heads;
    std::vector<PagedRow> queries;
    for (int64_t s = 0, first = 0, task = 0; s < rows.sequences; first += rows.lengths[s], s++) {
        for (int64_t kv = 0; kv < heads.key; kv++, task++) {
            if (task % crew_->size() != thread) continue;
            queries.clear();
            for (int64_t r = first; r < first + rows.lengths[s]; r++) {
                int64_t place = onlyRead ? read_before_[r] : r, seen = places_[r].position + 1;
                if (onlyRead && read_before_[r + 1] == place) continue;
                for (int64_t h = kv * heads.group(); h < (kv + 1) * heads.group(); h++) {
                    queries.push_back({turned_.data() + r * heads.width() + h * heads.size,
                                       mixed_.data() + (place * heads.query + h) * heads.size,
                                       layer.window > 0 ? std::max<int64_t>(0, seen - layer.window) : 0, seen});
                }
            }
            PagedHead head{&pages, rows.tables + s * rows.table_step, number, kv, heads.size, heads.scale()};
            attend_pages(queries.data(), static_cast<int64_t>(queries.size()), head, scratch_[thread].data());
        }
    }
    crew_->meet();
}

/// Where it is kept what some layers made of a row.
float *Stepper::kept(int64_t row, const StepRows &rows, const Pages &pages) const {
    auto [sequence, position] = places_[row];
    int64_t page = rows.tables[sequence * rows.table_step + position / Pages::TOKENS];
    return pages.hidden(page, position % Pages::TOKENS);
}

void Stepper::compute(const StepRows &rows, const Pages &pages, const Span &span, int thread) {
    auto count = static_cast<int64_t>(places_.size());
    int64_t size = network_.hidden();
    float *x = x_.data();
    Share share(count, thread, crew_->size());
    for (int64_t r = share.begin; r < share.end; r++) {
        const float *embedded = numbers(network_.embedding) + rows.tokens[r] * size;
        std::copy_n(span.begins_in_pages ? kept(r, rows, pages) : embedded, size, x + r * size);
    }
    for (size_t number = span.first; number < span.end; number++) {
        const NetworkLayer &layer = network_.layers[number];
        bool isLast = number == span.end - 1 && !span.ends_in_pages;
        normalize(layer.input_norm, x, count, layer.qkv, thread);
        multiply(layer.qkv, nullptr, projected_.data(), thread);
        append(layer, static_cast<int64_t>(number), rows, pages, thread);
        if (isLast && rows.read_count == 0) return;
        attend(layer, static_cast<int64_t>(number), rows, pages, isLast, thread);
        if (isLast) {
            // From here on only rows that are read are computed.
            count = rows.read_count;
            Share read(count, thread, crew_->size());
            for (int64_t i = read.begin; i < read.end; i++) {
                std::copy_n(x + rows.read[i] * size, size, last_x_.data() + i * size);
            }
            x = last_x_.data();
        }
        convert(layer.output, mixed_.data(), count, thread);
        multiply(layer.output, x, x, thread);
        normalize(layer.post_norm, x, count, layer.gate_up, thread);
        multiply(layer.gate_up, nullptr, gated_.data(), thread);
        Share inner(count, thread, crew_->size());
        swiglu_rows(gated_.data() + inner.begin * 2 * layer.down.inputs,
                    activated_.data() + inner.begin * layer.down.inputs, inner.end - inner.begin, layer.down.inputs);
        convert(layer.down, activated_.data(), count, thread);
        multiply(layer.down, x, x, thread);
    }
    if (!span.ends_in_pages) return compute_logits(x, count, span.logits, thread);
    for (int64_t r = share.begin; r < share.end; r++) std::copy_n(x + r * size, size, kept(r, rows, pages));
}

void Stepper::compute_logits(const float *x, int64_t count, float *logits, int thread) {
    normalize(network_.norm, x, count, network_.head, thread);
    multiply(network_.head, nullptr, logits, thread);
}

}  // namespace ctorch
