// The branches of hierarchical attention, each over a whole line: the last tokens, summaries of all blocks before them,
// and the tokens of the blocks whose summaries fit best.
//
// A task is one head of keys of one sequence, and walks along it: memory grows with the line's length alone, and the
// order of every sum is that of the sequence, whatever is beside it.
#pragma once

#include "attention_line.h"

namespace ctorch {

/// What a line's tokens look at.
struct Sight {
    Heads heads;
    int64_t window;        // a token sees itself and so many less one before it
    int64_t block = 0;     // tokens of a block; 0 where there are no summaries
    int64_t selected = 0;  // blocks whose tokens are seen themselves

    /// How many summaries the token at `position` sees: of all blocks that begin before its window. They are complete,
    /// since no block is longer than the window.
    int64_t blocks_before(int64_t position) const {
        return position < window ? 0 : (position - window) / block + 1;
    }
    /// The first position that the token's window holds.
    int64_t first_in_window(int64_t position) const { return std::max<int64_t>(0, position - window + 1); }
    int64_t branches() const { return block == 0 ? 1 : selected == 0 ? 2 : 3; }
};

/// A line of turned projections [N, (heads + 2 kv) size], and summaries [blocks, kv, size] whose keys are turned.
struct Line {
    const Sight &sight;
    const Sequences &sequences;
    const float *tokens;
    const float *keys = nullptr, *values = nullptr;
    std::vector<int64_t> first_blocks = {};  // of every sequence

    const float *query(int64_t token, int64_t head) const {
        return tokens + token * sight.heads.width() + head * sight.heads.size;
    }
};

/// What a branch gives for every head of every token: [N, heads, size], and log Σ exp [N, heads]; 0 where it sees
/// nothing.
struct Branch {
    float *out, *log_sums;
    const float *gradient = nullptr;  // of `out`
};

/// Gradients of a line, added up.
struct LineGradient {
    float *tokens, *keys, *values;
};

void attend_window(const Line &line, const Branch &branch);
void attend_blocks(const Line &line, const Branch &branch);
/// Also writes which blocks of its sequence are seen, [N, kv, selected], in order, -1 behind the last.
void attend_selected(const Line &line, const Branch &branch, int32_t *chosen);

void differentiate_window(const Line &line, const Branch &branch, const LineGradient &gradient);
void differentiate_blocks(const Line &line, const Branch &branch, const LineGradient &gradient);
void differentiate_selected(const Line &line, const Branch &branch, const int32_t *chosen,
                            const LineGradient &gradient);

/// The blocks that the heads of a group give most to, of `count` (Yuan et al. 2025, equations 8, 10 and 11).
/// `queries` are a group's rows over the summaries' columns; `scratch` has room for a row of `stride` for each.
void choose_blocks(const Row *queries, int64_t query_count, const float *key_columns, int64_t stride, int64_t size,
                   float scale, int64_t selected, int32_t *chosen, float *scratch);

/// Tokens of chosen blocks, copied beside each other.
struct Gathered {
    int64_t count = 0, stride, size;
    float *keys, *values, *key_columns;

    static int64_t room(int64_t tokens, int64_t size) { return 3 * padded(tokens) * size; }
    Gathered(float *scratch, int64_t tokens, int64_t size)
        : stride(padded(tokens)), size(size), keys(scratch), values(scratch + stride * size),
          key_columns(scratch + 2 * stride * size) {}
    void fill(const float *from_keys, const float *from_values, int64_t step, const int32_t *chosen, int64_t selected,
              int64_t block);
};

}  // namespace ctorch
