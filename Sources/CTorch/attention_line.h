// What kernels of attention share: a line of sequences, its heads, and the turning of them by their positions.
#pragma once

#include "attention_rows.h"
#include "parallel.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

namespace ctorch {

/// The heads of a line of projections: a token's queries, then its keys, then its values.
struct Heads {
    int64_t query, key, size;

    int64_t width() const { return (query + 2 * key) * size; }
    int64_t group() const { return query / key; }
    float scale() const { return 1 / std::sqrt(static_cast<float>(size)); }
};

/// Where sequences begin in the line, with its end behind them, and how many tokens each had before.
struct Sequences {
    std::vector<int64_t> offsets, pasts;

    int64_t count() const { return static_cast<int64_t>(pasts.size()); }
    int64_t length(int64_t s) const { return offsets[s + 1] - offsets[s]; }
    int64_t longest() const {
        int64_t most = 0;
        for (int64_t s = 0; s < count(); s++) most = std::max(most, length(s) + pasts[s]);
        return most;
    }
};

/// Runs `body(sequence, key head, scratch)` for all of them, on several threads if there is much to do.
template <typename Body>
void over_heads(const Sequences &sequences, const Heads &heads, int64_t scratch_size, Body body) {
    int64_t tasks = sequences.count() * heads.key;
    int64_t work = std::max<int64_t>(1, sequences.offsets.back() * heads.group() * heads.size / sequences.count());
    parallel_for(0, tasks, std::max<int64_t>(1, (1 << 13) / work), [&](int64_t begin, int64_t end) {
        std::unique_ptr<float[]> scratch(new float[scratch_size]);
        for (int64_t task = begin; task < end; task++) body(task / heads.key, task % heads.key, scratch.get());
    });
}

/// Turns (or turns back) queries and keys of tokens by the angles of their positions, and copies values.
inline void turn_line(const float *in, float *out, const Sequences &sequences, const Heads &heads,
                      const at::Tensor &cosines, const at::Tensor &sines, float direction) {
    const float *c = cosines.const_data_ptr<float>(), *s = sines.const_data_ptr<float>();
    int64_t grain = std::max<int64_t>(1, sequences.count() / 8);
    parallel_for(0, sequences.count(), grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
            int64_t first = sequences.offsets[i] * heads.width(), angle = sequences.pasts[i] * heads.size / 2;
            turn_tokens(in + first, out + first, c + angle, s + angle, sequences.length(i),
                        heads.query + heads.key, heads.key, heads.size, direction);
        }
    });
}

inline void check_plain(const at::Tensor &tensor) {
    TORCH_CHECK(tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous(),
                "attention needs contiguous float32 on the CPU");
}

}  // namespace ctorch
