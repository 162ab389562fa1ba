// A decoder-only transformer whose step over a batch of rows is one call.
#pragma once

#include "crew.h"
#include "matrix.h"
#include "pages.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <numeric>
#include <optional>
#include <vector>

namespace ctorch {

struct NetworkLayer {
    at::Tensor input_norm, post_norm;
    at::Tensor query_norm, key_norm;  // of single heads; undefined where the model has none
    matrix::Matrix qkv, output, gate_up, down;
    int64_t window;  // a token looks at itself and so many less one before it; 0 is all of them

    int64_t byte_count() const {
        return qkv.byte_count() + output.byte_count() + gate_up.byte_count() + down.byte_count();
    }
};

struct Network {
    HeadShape heads;
    double eps;
    at::Tensor embedding, norm;
    matrix::Matrix head;
    std::vector<NetworkLayer> layers;
    int64_t byte_count = 0;  // of all matrices

    int64_t hidden() const { return embedding.size(1); }
    int64_t inner() const { return layers.empty() ? 0 : layers.front().down.inputs; }
};

/// New tokens of some sequences, one sequence behind the other.
struct StepRows {
    const int32_t *tokens;
    const int32_t *lengths;  // new tokens of each sequence
    const int32_t *pasts;    // tokens that it has in its pages already
    const int32_t *tables;   // its pages, `table_step` numbers for each sequence
    int64_t table_step, sequences;
    const int32_t *read;     // the rows whose logits are wanted, rising
    int64_t read_count;
    const float *cosines, *sines;  // [positions, head size / 2]
    int64_t positions;

    int64_t count() const { return std::accumulate(lengths, lengths + sequences, int64_t{0}); }
};

/// What computes a network's steps.
class Computer {
public:
    virtual ~Computer() = default;

    /// `logits` receives `[read, vocabulary]`. Pages are those of the same kind of device.
    virtual void step(const StepRows &rows, const PageMemory &pages, float *logits, int threads) = 0;
};

/// Computes steps, with memory that it keeps from one to the next. Every number of a row is a sum in one order, so a
/// row's logits and what it leaves in its pages have the same bits whatever rows are beside it, with any number of
/// threads, and however its sequence is cut into steps.
class Stepper final : public Computer {
public:
    explicit Stepper(const Network &network) : network_(network) {}

    void step(const StepRows &rows, const PageMemory &pages, float *logits, int threads) override;

    /// The layers before `end` alone; what they make of every row stays in its page.
    void begin(const StepRows &rows, Pages &pages, size_t end, int threads);

    /// The layers from `first` on, and the logits, where the rows' pages hold what the layers before made of them.
    void finish(const StepRows &rows, const Pages &pages, size_t first, float *logits, int threads);

private:
    struct Place {
        int64_t sequence, position;
    };

    /// What one thread attends at once: the queries of a sequence that share a key head.
    struct Task {
        int64_t sequence, kv;
    };

    /// A thread's part of a layer's attention; `only_read` is what comes of rows whose logits are wanted.
    struct Attention {
        const NetworkLayer &layer;
        int64_t number;
        const StepRows &rows;
        const Pages &pages;
        bool only_read;
        int thread;
    };

    /// Some layers, what they begin with, and what comes of them: from the tokens' embeddings or from what is in the
    /// pages, to logits or to the pages.
    struct Span {
        size_t first, end;
        float *logits = nullptr;
        bool begins_in_pages = false, ends_in_pages = false;
    };

    /// What one thread computes alone: some sequences of a step.
    struct Part {
        StepRows rows;
        std::vector<int32_t> read;
        int64_t read_before;
    };

    /// What products read.
    struct Factors {
        std::vector<float> normed, activated;
        matrix::InputMemory converted;

        void make_room(int64_t rows, const Network &network);
    };

    void run(const StepRows &rows, const Pages &pages, const Span &span, int threads);
    void make_crew(int threads);
    int64_t least_part(int threads) const;
    bool cut(const StepRows &rows, int64_t page_bytes, int threads);
    void make_room(const StepRows &rows, int64_t page_bytes);
    void make_tasks(int64_t sequences);
    void compute(const StepRows &rows, const Pages &pages, const Span &span, int thread);
    PagedHead head(const Attention &attention, const Task &task) const;
    int64_t page(int64_t row, const StepRows &rows) const;
    float *kept(int64_t row, const StepRows &rows, const Pages &pages) const;
    bool are_few(int64_t rows) const { return rows < crew_->size(); }
    Factors &factors(int64_t rows, int thread) { return are_few(rows) ? own_factors_[thread] : factors_; }
    Share own_rows(int64_t rows, int thread) const;
    matrix::Inputs converted(const matrix::Matrix &matrix, const float *x, int64_t rows, int thread);
    matrix::Inputs normed(const matrix::Matrix &matrix, const at::Tensor &norm, const float *x, int64_t rows,
                          int thread);
    void multiply(const matrix::Matrix &matrix, const matrix::Inputs &inputs, const float *residual, float *out,
                  int thread);
    bool are_heads_cut(int64_t rows) const;
    void project(const NetworkLayer &layer, const float *x, int64_t rows, int thread);
    void multiply_activated(const matrix::Matrix &matrix, int64_t rows, float *x, int thread);
    void append(const Attention &attention, int64_t row, Share kvs);
    void attend(const Attention &attention);
    void add_queries(const Attention &attention, const Task &task, std::vector<PagedRow> &queries);

    const Network &network_;
    Crew *crew_ = nullptr;                            // of the thread that asks for a step
    std::vector<Part> parts_;
    std::vector<std::unique_ptr<Stepper>> steppers_;  // of the parts
    std::vector<Place> places_;                 // of every row
    bool is_far_ = false;                       // whether keys and values are fetched ahead
    std::vector<int64_t> first_rows_;           // of every sequence
    std::vector<std::vector<Task>> tasks_;      // of every thread
    std::vector<int32_t> read_before_;          // rows that are read before each row, and in all
    std::vector<float> x_, last_x_, projected_, turned_, mixed_, gated_;
    Factors factors_;
    std::vector<Factors> own_factors_;          // of every thread, for few rows
    std::vector<std::vector<float>> scratch_;   // of every thread
};

}  // namespace ctorch
