#include "network.h"

#include "attention_rows.h"
#include "token_rows.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace ctorch {

namespace {

// A thread computes sequences alone from so many rows on: one for so many bytes of weights, within limits.
constexpr int64_t LEAST_PART = 8, MOST_PART = 32, BYTES_A_ROW = 1 << 20;

constexpr int64_t NEAR_BYTES = 8 << 20;  // keys and values that are no further than the last cache

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
    if (cut(rows, pages.page_bytes(), threads)) {
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
    own_factors_.resize(threads);
    make_room(rows, pages.page_bytes());
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

/// Rows of a thread that computes alone: as many as hide that all of them read all weights then. Where those do not fit
/// into the cache, threads also take the memory's bandwidth from each other.
int64_t Stepper::least_part(int threads) const {
    return std::clamp(network_.byte_count / BYTES_A_ROW, LEAST_PART, MOST_PART * threads);
}

/// Where there are many rows, each thread computes whole sequences, so that none waits for another at the end of every
/// product. Threads get as much work each: multiplying a row takes about as long as reading a sixteenth of the weights'
/// bytes in keys and values.
bool Stepper::cut(const StepRows &rows, int64_t page_bytes, int threads) {
    if (threads < 2 || rows.count() < threads * least_part(threads)) return false;
    auto cost = [&](int64_t s) {
        return rows.lengths[s] * network_.byte_count + (rows.pasts[s] + rows.lengths[s]) * page_bytes;
    };
    int64_t whole = 0, done = 0, largest = 0;
    for (int64_t s = 0; s < rows.sequences; s++) whole += cost(s);
    parts_.clear();
    int64_t sequence = 0, row = 0, read = 0;
    for (int thread = 0; thread < threads; thread++) {
        int64_t first = row, before = done;
        StepRows own = rows;
        own.tokens += row;
        own.lengths += sequence;
        own.pasts += sequence;
        own.tables += sequence * rows.table_step;
        own.sequences = -sequence;
        // Up to the sequence whose middle is beyond the thread's share.
        while (sequence < rows.sequences && (2 * done + cost(sequence)) * threads <= 2 * whole * (thread + 1)) {
            done += cost(sequence);
            row += rows.lengths[sequence++];
        }
        own.sequences += sequence;
        largest = std::max(largest, done - before);
        Part part{own, {}, read};
        for (; read < rows.read_count && rows.read[read] < row; read++) {
            part.read.push_back(static_cast<int32_t>(rows.read[read] - first));
        }
        parts_.push_back(std::move(part));
        parts_.back().rows.read = parts_.back().read.data();
        parts_.back().rows.read_count = static_cast<int64_t>(parts_.back().read.size());
    }
    while (steppers_.size() < parts_.size()) steppers_.push_back(std::make_unique<Stepper>(network_));
    return largest * threads <= whole + whole / 8;
}

void Stepper::make_room(const StepRows &rows, int64_t page_bytes) {
    places_.clear();
    first_rows_.clear();
    int64_t longest = 0;
    for (int64_t s = 0; s < rows.sequences; s++) {
        first_rows_.push_back(static_cast<int64_t>(places_.size()));
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
    room(projected_, count * heads.width());
    room(turned_, count * heads.query * heads.size);
    room(mixed_, count * heads.query * heads.size);
    room(gated_, count * 2 * network_.inner());
    factors_.make_room(count, network_);
    for (auto &factors : own_factors_) factors.make_room(std::min<int64_t>(count, crew_->size() - 1), network_);
    make_tasks(rows.sequences);
    int64_t pages = 0;
    for (int64_t s = 0; s < rows.sequences; s++) pages += (rows.pasts[s] + rows.lengths[s]) / Pages::TOKENS + 1;
    is_far_ = pages * page_bytes > NEAR_BYTES;
    int64_t of_row = heads.width() + heads.query;
    for (auto &scratch : scratch_) room(scratch, std::max(paged_scratch(longest), of_row));
}

/// A thread has the same heads of all sequences where all threads get as many.
void Stepper::make_tasks(int64_t sequences) {
    int64_t kvs = network_.heads.key, threads = crew_->size();
    tasks_.resize(threads);
    for (auto &tasks : tasks_) tasks.clear();
    for (int64_t s = 0, number = 0; s < sequences; s++) {
        for (int64_t kv = 0; kv < kvs; kv++, number++) {
            tasks_[kvs % threads == 0 ? kv * threads / kvs : number % threads].push_back({s, kv});
        }
    }
}

void Stepper::Factors::make_room(int64_t rows, const Network &network) {
    room(normed, rows * network.hidden());
    room(activated, rows * network.inner());
    int64_t mixed = network.heads.query * network.heads.size;
    converted.make_room(rows, std::max({network.hidden(), mixed, network.inner()}));
}

/// Where there are fewer rows than threads, each thread makes what products read for itself: the others would wait.
Share Stepper::own_rows(int64_t rows, int thread) const {
    return are_few(rows) ? Share(rows, 0, 1) : Share(rows, thread, crew_->size());
}

matrix::Inputs Stepper::converted(const matrix::Matrix &matrix, const float *x, int64_t rows, int thread) {
    matrix::Inputs inputs(matrix, rows, x, factors(rows, thread).converted);
    Share own = own_rows(rows, thread);
    inputs.convert(own.begin, own.end);
    if (!are_few(rows)) crew_->meet(thread);
    return inputs;
}

matrix::Inputs Stepper::normed(const matrix::Matrix &matrix, const at::Tensor &norm, const float *x, int64_t rows,
                               int thread) {
    float *normed = factors(rows, thread).normed.data(), scale;
    Share own = own_rows(rows, thread);
    int64_t size = network_.hidden();
    for (int64_t r = own.begin; r < own.end; r++) {
        rms_norm_rows(x + r * size, numbers(norm), normed + r * size, &scale, 1, size, network_.eps);
    }
    return converted(matrix, normed, rows, thread);
}

/// out = inputs · matrixᵀ, and the residual.
void Stepper::multiply(const matrix::Matrix &matrix, const matrix::Inputs &inputs, const float *residual, float *out,
                       int thread) {
    Share tiles(matrix.tiles(), thread, crew_->size());
    matrix::multiply(matrix, inputs, residual, out, tiles.begin, tiles.end);
    crew_->meet(thread);
}

/// Whether each thread computes whole heads, from their queries, keys and values to what they see: there are few rows,
/// and the heads of every thread fill tiles of each of the three.
bool Stepper::are_heads_cut(int64_t rows) const {
    int64_t kvs = network_.heads.key;
    return are_few(rows) && kvs % crew_->size() == 0 && kvs / crew_->size() * network_.heads.size % matrix::TILE == 0;
}

void Stepper::project(const NetworkLayer &layer, const float *x, int64_t rows, int thread) {
    matrix::Inputs inputs = normed(layer.qkv, layer.input_norm, x, rows, thread);
    if (!are_heads_cut(rows)) return multiply(layer.qkv, inputs, nullptr, projected_.data(), thread);
    const HeadShape &heads = network_.heads;
    Share own(heads.key, thread, crew_->size());
    auto multiply_heads = [&](int64_t first, int64_t group) {
        int64_t begin = (first + own.begin * group) * heads.size, end = (first + own.end * group) * heads.size;
        matrix::multiply(layer.qkv, inputs, nullptr, projected_.data(), begin / matrix::TILE, end / matrix::TILE);
    };
    multiply_heads(0, heads.group());
    multiply_heads(heads.query, 1);
    multiply_heads(heads.query + heads.key, 1);
}

/// Adds to `x` what comes of the gates.
void Stepper::multiply_activated(const matrix::Matrix &matrix, int64_t rows, float *x, int thread) {
    float *activated = factors(rows, thread).activated.data();
    Share own = own_rows(rows, thread);
    int64_t size = network_.inner();
    swiglu_rows(gated_.data() + own.begin * 2 * size, activated + own.begin * size, own.end - own.begin, size);
    multiply(matrix, converted(matrix, activated, rows, thread), x, x, thread);
}

/// Normalizes a row's heads where the model does, turns queries and keys by its position, and puts keys and values
/// into its page: those of some key heads.
void Stepper::append(const Attention &a, int64_t row, Share kvs) {
    const HeadShape &heads = network_.heads;
    int64_t size = heads.size, count = kvs.end - kvs.begin, position = places_[row].position;
    const float *cosines = a.rows.cosines + position * size / 2, *sines = a.rows.sines + position * size / 2;
    float *keys = scratch_[a.thread].data(), *normed = keys + heads.key * size, *scales = normed + heads.query * size;
    auto turn = [&](const float *in, const at::Tensor &norm, int64_t of, float *out) {
        if (norm.defined()) rms_norm_rows(in, numbers(norm), normed, scales, of, size, network_.eps);
        turn_tokens(norm.defined() ? normed : in, out, cosines, sines, 1, of, 0, size, 1);
    };
    int64_t first_query = kvs.begin * heads.group() * size;
    const float *projected = projected_.data() + row * heads.width();
    turn(projected + first_query, a.layer.query_norm, count * heads.group(),
         turned_.data() + row * heads.query * size + first_query);
    turn(projected + (heads.query + kvs.begin) * size, a.layer.key_norm, count, keys);
    const float *values = projected + (heads.query + heads.key + kvs.begin) * size;
    for (int64_t i = 0; i < count; i++) {
        a.pages.write(page(row, a.rows), position % Pages::TOKENS, a.number, kvs.begin + i, keys + i * size,
                      values + i * size);
    }
}

/// What every row sees. Few rows' heads are appended by who attends them.
void Stepper::attend(const Attention &a) {
    auto count = static_cast<int64_t>(places_.size());
    if (!are_few(count)) {
        Share own = own_rows(count, a.thread);
        for (int64_t r = own.begin; r < own.end; r++) append(a, r, {0, network_.heads.key});
        crew_->meet(a.thread);
    }
    const std::vector<Task> &tasks = tasks_[a.thread];
    std::vector<PagedRow> queries;
    std::vector<PagedHead> together;
    for (size_t i = 0; i < tasks.size();) {
        int64_t s = tasks[i].sequence, most = a.rows.lengths[s] * network_.heads.group() == 1 ? HEADS : 1;
        queries.clear();
        together.clear();
        for (; i < tasks.size() && tasks[i].sequence == s && static_cast<int64_t>(together.size()) < most; i++) {
            add_queries(a, tasks[i], queries);
            together.push_back(head(a, tasks[i]));
        }
        PagedHead next;
        bool fetches = is_far_ && i < tasks.size();
        if (fetches) next = head(a, tasks[i]);
        auto headCount = static_cast<int64_t>(together.size());
        attend_pages(queries.data(), static_cast<int64_t>(queries.size()) / headCount, together.data(), headCount,
                     fetches ? &next : nullptr, scratch_[a.thread].data());
    }
    crew_->meet(a.thread);
}

/// A task's queries, token by token, whose keys and values are in their pages, or come there now where rows are few.
void Stepper::add_queries(const Attention &a, const Task &task, std::vector<PagedRow> &queries) {
    const HeadShape &heads = network_.heads;
    auto [s, kv] = task;
    int64_t first = first_rows_[s];
    for (int64_t r = first; r < first + a.rows.lengths[s]; r++) {
        if (are_few(static_cast<int64_t>(places_.size()))) append(a, r, {kv, kv + 1});
        int64_t place = a.only_read ? read_before_[r] : r, seen = places_[r].position + 1;
        if (a.only_read && read_before_[r + 1] == place) continue;
        for (int64_t h = kv * heads.group(); h < (kv + 1) * heads.group(); h++) {
            queries.push_back({turned_.data() + (r * heads.query + h) * heads.size,
                               mixed_.data() + (place * heads.query + h) * heads.size,
                               a.layer.window > 0 ? std::max<int64_t>(0, seen - a.layer.window) : 0, seen});
        }
    }
}

PagedHead Stepper::head(const Attention &a, const Task &task) const {
    auto [s, kv] = task;
    int64_t past = a.rows.pasts[s], seen = a.layer.window > 0 ? std::max<int64_t>(0, past + 1 - a.layer.window) : 0;
    return {.pages = &a.pages,
            .table = a.rows.tables + s * a.rows.table_step,
            .layer = a.number,
            .kv = kv,
            .size = network_.heads.size,
            .scale = network_.heads.scale(),
            .first_page = seen / Pages::TOKENS,
            .end_page = (past + a.rows.lengths[s] + Pages::TOKENS - 1) / Pages::TOKENS};
}

int64_t Stepper::page(int64_t row, const StepRows &rows) const {
    auto [sequence, position] = places_[row];
    return rows.tables[sequence * rows.table_step + position / Pages::TOKENS];
}

/// Where it is kept what some layers made of a row.
float *Stepper::kept(int64_t row, const StepRows &rows, const Pages &pages) const {
    return pages.hidden(page(row, rows), places_[row].position % Pages::TOKENS);
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
    crew_->meet(thread);
    for (size_t number = span.first; number < span.end; number++) {
        const NetworkLayer &layer = network_.layers[number];
        bool isLast = number == span.end - 1 && !span.ends_in_pages;
        project(layer, x, count, thread);
        attend({layer, static_cast<int64_t>(number), rows, pages, isLast, thread});
        if (isLast && rows.read_count == 0) return;
        if (isLast) {
            // From here on only rows that are read are computed.
            count = rows.read_count;
            Share read(count, thread, crew_->size());
            for (int64_t i = read.begin; i < read.end; i++) {
                std::copy_n(x + rows.read[i] * size, size, last_x_.data() + i * size);
            }
            x = last_x_.data();
            crew_->meet(thread);
        }
        multiply(layer.output, converted(layer.output, mixed_.data(), count, thread), x, x, thread);
        multiply(layer.gate_up, normed(layer.gate_up, layer.post_norm, x, count, thread), nullptr, gated_.data(), thread);
        multiply_activated(layer.down, count, x, thread);
    }
    if (!span.ends_in_pages) {
        matrix::Inputs inputs = normed(network_.head, network_.norm, x, count, thread);
        return multiply(network_.head, inputs, nullptr, span.logits, thread);
    }
    for (int64_t r = share.begin; r < share.end; r++) std::copy_n(x + r * size, size, kept(r, rows, pages));
}

}  // namespace ctorch
