// Causal self-attention in which a token looks at the last tokens, at summaries of all blocks before them, and at the
// tokens of a few blocks; each of the branches counts as much as a gate lets it (Yuan et al. 2025, "Native Sparse
// Attention", arXiv:2502.11089, equation 5). Without summaries it is sliding attention (Beltagy et al. 2020,
// arXiv:2004.05150, section 3.1).
//
// Nothing is kept that has more than one number for a token, a head and a branch, beside its vectors: memory is linear
// in the tokens. A token's result has the same bits whatever sequences are beside its own, and decoded as in a pass
// over its whole sequence.
#include "attention_windowed.h"
#include "boundary.h"
#include "elementwise.h"
#include "parallel.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;
using ctorch::Branch;
using ctorch::Line;
using ctorch::Sequences;
using ctorch::Sight;
using ctorch::WindowCache;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

float *data(const Tensor &tensor) { return tensor.defined() ? tensor.mutable_data_ptr<float>() : nullptr; }

/// The first block of every sequence in a line's summaries, with their end behind them.
std::vector<int64_t> first_blocks(const Sequences &sequences, int64_t block) {
    std::vector<int64_t> first{0};
    for (int64_t s = 0; s < sequences.count(); s++) first.push_back(first.back() + sequences.length(s) / block);
    return first;
}

/// Turns summaries' keys [blocks, kv, size] by the angle of their blocks' last tokens.
void turn_summaries(const float *in, float *out, const Sequences &sequences, const Sight &sight, const Tensor &cosines,
                    const Tensor &sines, float direction) {
    int64_t size = sight.heads.size, step = sight.heads.key * size;
    for (int64_t s = 0; s < sequences.count(); s++) {
        for (int64_t j = 0; j < sequences.length(s) / sight.block; j++, in += step, out += step) {
            int64_t angle = ((j + 1) * sight.block - 1) * size / 2;
            ctorch::turn_tokens(in, out, cosines.const_data_ptr<float>() + angle, sines.const_data_ptr<float>() + angle,
                                1, sight.heads.key, 0, size, direction);
        }
    }
}

float sigmoid(float x) { return 1 / (1 + ctorch::exponential(-x)) + (x - x); }

/// Runs `body(head's place, gate's place)` for every head of every token.
template <typename Body>
void over_gates(const Sight &sight, int64_t tokens, Body body) {
    int64_t heads = sight.heads.query, branches = sight.branches();
    ctorch::parallel_for(0, tokens, 256, [&](int64_t begin, int64_t end) {
        for (int64_t place = begin * heads; place < end * heads; place++) {
            body(place * sight.heads.size, place / heads * branches * heads + place % heads);
        }
    });
}

/// out = Σ sigmoid(gate) · branch
void join(const Sight &sight, int64_t tokens, const float *gates, float *const *branches, float *out) {
    over_gates(sight, tokens, [&](int64_t place, int64_t gate) {
        for (int64_t b = 0; b < sight.branches(); b++) {
            float share = sigmoid(gates[gate + b * sight.heads.query]);
            const float *from = branches[b] + place;
            for (int64_t d = 0; d < sight.heads.size; d++) {
                out[place + d] = b == 0 ? share * from[d] : out[place + d] + share * from[d];
            }
        }
    });
}

/// The gradients of one branch of `join`: that of its gates, and that of itself to `dbranch`.
void unjoin(const Sight &sight, int64_t tokens, int64_t b, const float *gates, const float *branch, const float *dout,
            float *dgates, float *dbranch) {
    over_gates(sight, tokens, [&](int64_t place, int64_t gate) {
        gate += b * sight.heads.query;
        float share = sigmoid(gates[gate]), along = 0;
        for (int64_t d = 0; d < sight.heads.size; d++) along += branch[place + d] * dout[place + d];
        for (int64_t d = 0; d < sight.heads.size; d++) dbranch[place + d] = share * dout[place + d];
        dgates[gate] = along * share * (1 - share);
    });
}

/// What a call is given beside the projections.
struct Given {
    Sight sight;
    Sequences sequences;
    Tensor cosines, sines;
    WindowCache cache;

    bool has_cache() const { return cache.ring_keys.defined(); }
    bool is_step() const {
        return std::any_of(sequences.pasts.begin(), sequences.pasts.end(), [](int64_t past) { return past > 0; });
    }
};

struct WindowedAttention : torch::autograd::Function<WindowedAttention> {
    static Tensor forward(AutogradContext *context, const Tensor &qkv_in, const Optional &keys_in,
                          const Optional &values_in, const Optional &gates_in, const Given &given) {
        const Sight &sight = given.sight;
        Tensor qkv = qkv_in.contiguous(), turned = at::empty_like(qkv), keys, values, gates, chosen;
        int64_t tokens = qkv.size(0);
        ctorch::turn_line(data(qkv), data(turned), given.sequences, sight.heads, given.cosines, given.sines, 1);
        Line line{sight, given.sequences, data(turned)};
        if (gates_in) gates = gates_in->contiguous();
        if (keys_in) {
            Tensor plain = keys_in->contiguous();
            keys = at::empty_like(plain), values = values_in->contiguous();
            turn_summaries(data(plain), data(keys), given.sequences, sight, given.cosines, given.sines, 1);
            line.keys = data(keys), line.values = data(values);
            line.first_blocks = first_blocks(given.sequences, sight.block);
        }
        std::vector<Tensor> outs, sums(sight.branches());
        std::vector<float *> out_data;
        for (int64_t b = 0; b < sight.branches(); b++) {
            outs.push_back(at::empty({tokens, sight.heads.query * sight.heads.size}));
            out_data.push_back(data(outs[b]));
            if (context) sums[b] = at::empty({tokens, sight.heads.query});
        }
        if (given.is_step()) {
            ctorch::step(line, data(qkv), given.cache, out_data.data());
        } else {
            if (sight.selected > 0) chosen = at::empty({tokens, sight.heads.key, sight.selected}, at::kInt);
            attend(line, outs, sums, chosen);
            if (given.has_cache()) keep(line, data(qkv), given.cache);
        }
        Tensor out = outs[0];
        if (sight.branches() > 1) {
            out = at::empty_like(outs[0]);
            join(sight, tokens, data(gates), out_data.data(), data(out));
        }
        if (context) {
            variable_list saved{turned, keys, values, gates, chosen, given.cosines, given.sines};
            saved.insert(saved.end(), outs.begin(), outs.end());
            saved.insert(saved.end(), sums.begin(), sums.end());
            context->save_for_backward(saved);
            context->saved_data["offsets"] = given.sequences.offsets;
            context->saved_data["sight"] = std::vector<int64_t>{
                sight.heads.query, sight.heads.key, sight.heads.size, sight.window, sight.block, sight.selected};
        }
        return out;
    }

    static void attend(const Line &line, const std::vector<Tensor> &outs, const std::vector<Tensor> &sums,
                       const Tensor &chosen) {
        ctorch::attend_window(line, {data(outs[0]), data(sums[0])});
        if (outs.size() > 1) ctorch::attend_blocks(line, {data(outs[1]), data(sums[1])});
        if (outs.size() > 2) {
            ctorch::attend_selected(line, {data(outs[2]), data(sums[2])}, chosen.mutable_data_ptr<int32_t>());
        }
    }

    static void keep(const Line &line, const float *raw, const WindowCache &cache) {
        ctorch::keep_line(line, raw, cache);
        if (line.sight.block == 0) return;
        int64_t step = line.sight.heads.key * line.sight.heads.size;
        for (int64_t s = 0; s < line.sequences.count(); s++) {
            for (int64_t j = line.first_blocks[s]; j < line.first_blocks[s + 1]; j++) {
                ctorch::keep_summary(line.keys + j * step, line.values + j * step, cache.first_row + s,
                                     j - line.first_blocks[s], cache);
            }
        }
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto saved = context->get_saved_variables();
        const Tensor &turned = saved[0], &keys = saved[1], &values = saved[2], &gates = saved[3], &chosen = saved[4];
        auto shape = context->saved_data["sight"].toIntVector();
        Sight sight{{shape[0], shape[1], shape[2]}, shape[3], shape[4], shape[5]};
        Sequences sequences{context->saved_data["offsets"].toIntVector(), {}};
        sequences.pasts.resize(sequences.offsets.size() - 1);
        Line line{sight, sequences, data(turned), data(keys), data(values)};
        if (sight.block > 0) line.first_blocks = first_blocks(sequences, sight.block);
        Tensor dout = gradients[0].contiguous(), dturned = at::zeros_like(turned), dqkv = at::empty_like(turned);
        Tensor dkeys, dvalues, dgates, dbranch;
        if (sight.branches() > 1) {
            dkeys = at::zeros_like(keys), dvalues = at::zeros_like(values), dgates = at::empty_like(gates);
            dbranch = at::empty_like(dout);
        }
        ctorch::LineGradient gradient{data(dturned), data(dkeys), data(dvalues)};
        for (int64_t b = 0; b < sight.branches(); b++) {
            const Tensor &out = saved[7 + b], &sums = saved[7 + sight.branches() + b];
            Branch branch{data(out), data(sums), data(dout)};
            if (sight.branches() > 1) {
                unjoin(sight, turned.size(0), b, data(gates), data(out), data(dout), data(dgates), data(dbranch));
                branch.gradient = data(dbranch);
            }
            if (b == 0) ctorch::differentiate_window(line, branch, gradient);
            if (b == 1) ctorch::differentiate_blocks(line, branch, gradient);
            if (b == 2) ctorch::differentiate_selected(line, branch, chosen.const_data_ptr<int32_t>(), gradient);
        }
        ctorch::turn_line(data(dturned), data(dqkv), sequences, sight.heads, saved[5], saved[6], -1);
        if (sight.block > 0) turn_summaries(data(dkeys), data(dkeys), sequences, sight, saved[5], saved[6], -1);
        return {dqkv, dkeys, dvalues, dgates, Tensor()};
    }
};

}  // namespace

namespace {

Tensor optional(ctorch_tensor handle) { return handle ? ctorch::borrowed(handle) : Tensor(); }

Optional given_or_not(const Tensor &tensor) { return tensor.defined() ? Optional(tensor) : std::nullopt; }

void check_shape(const Tensor &tensor, const char *name, at::IntArrayRef shape) {
    TORCH_CHECK(tensor.defined(), name, " are missing");
    ctorch::check_plain(tensor);
    TORCH_CHECK(tensor.sizes() == shape, name, " of shape ", tensor.sizes(), ", needed is ", shape);
}

WindowCache checked_cache(const ctorch_window_cache &given, const Sight &sight, const Sequences &sequences) {
    WindowCache cache{ctorch::borrowed(given.ring_keys), ctorch::borrowed(given.ring_values),
                      optional(given.open_keys),         optional(given.open_values),
                      optional(given.block_keys),        optional(given.block_values),
                      optional(given.token_keys),        optional(given.token_values),
                      given.first_row};
    int64_t rows = cache.ring_keys.size(0), kv = sight.heads.key, size = sight.heads.size;
    int64_t ring = ctorch::padded(sight.window), longest = sequences.longest();
    TORCH_CHECK(rows >= cache.first_row + sequences.count(), "a cache of ", rows, " rows");
    check_shape(cache.ring_keys, "ring keys", {rows, kv, size, ring});
    check_shape(cache.ring_values, "ring values", {rows, kv, ring, size});
    if (sight.block == 0) return cache;
    int64_t blocks = cache.block_keys.defined() ? cache.block_keys.size(3) : 0;
    check_shape(cache.open_keys, "open keys", {rows, kv, sight.block, size});
    check_shape(cache.open_values, "open values", {rows, kv, sight.block, size});
    check_shape(cache.block_keys, "block keys", {rows, kv, size, blocks});
    check_shape(cache.block_values, "block values", {rows, kv, blocks, size});
    TORCH_CHECK(blocks % ctorch::LANES == 0 && blocks >= longest / sight.block, blocks, " blocks for ", longest,
                " tokens");
    if (sight.selected == 0) return cache;
    int64_t tokens = cache.token_keys.defined() ? cache.token_keys.size(2) : 0;
    check_shape(cache.token_keys, "token keys", {rows, kv, tokens, size});
    check_shape(cache.token_values, "token values", {rows, kv, tokens, size});
    TORCH_CHECK(tokens >= longest, tokens, " places for ", longest, " tokens");
    return cache;
}

void check(const Given &given, const Tensor &qkv, const Tensor &keys, const Tensor &values, const Tensor &gates) {
    const Sight &sight = given.sight;
    const Sequences &sequences = given.sequences;
    ctorch::check_plain(given.cosines);
    ctorch::check_plain(given.sines);
    TORCH_CHECK(qkv.scalar_type() == at::kFloat && qkv.device().is_cpu() && qkv.dim() == 2 &&
                    qkv.size(1) == sight.heads.width() && sequences.count() > 0 &&
                    qkv.size(0) == sequences.offsets.back() && sight.heads.query % sight.heads.key == 0,
                "windowed_attention of shape ", qkv.sizes(), " for ", sequences.offsets.back(), " tokens");
    TORCH_CHECK(given.cosines.size(0) >= sequences.longest() && given.cosines.sizes() == given.sines.sizes(),
                "angles of shape ", given.cosines.sizes(), " for ", sequences.longest(), " tokens");
    TORCH_CHECK(sight.window > 0 && sight.block <= sight.window, "blocks of ", sight.block, " tokens in a window of ",
                sight.window);
    if (given.is_step()) {
        TORCH_CHECK(given.has_cache() && qkv.size(0) == sequences.count(), "only single tokens follow those in a cache");
    }
    if (sight.block == 0) return;
    TORCH_CHECK(gates.defined() && gates.scalar_type() == at::kFloat && gates.dim() == 2 &&
                    gates.size(0) == qkv.size(0) && gates.size(1) == sight.branches() * sight.heads.query,
                "no gates for ", sight.branches(), " branches of ", sight.heads.query, " heads");
    if (given.is_step()) return;
    int64_t count = first_blocks(sequences, sight.block).back() * sight.heads.key;
    for (const Tensor &summaries : {keys, values}) {
        TORCH_CHECK(summaries.defined() && summaries.scalar_type() == at::kFloat && summaries.dim() == 2 &&
                        summaries.size(0) == count && summaries.size(1) == sight.heads.size,
                    "no summaries [", count, ", ", sight.heads.size, "]");
    }
}

}  // namespace

ctorch_tensor ctorch_windowed_attention(ctorch_tensor qkv_handle, ctorch_tensor cosines, ctorch_tensor sines,
                                        const int64_t *lengths, const int64_t *pasts, int64_t count, int64_t heads,
                                        int64_t kv_heads, int64_t window, const ctorch_summaries *summaries,
                                        const ctorch_window_cache *cache) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        Tensor qkv = ctorch::borrowed(qkv_handle), keys, values, gates;
        Given given{{{heads, kv_heads, 0}, window}, {{0}, std::vector<int64_t>(count)}, ctorch::borrowed(cosines),
                    ctorch::borrowed(sines), {}};
        given.sight.heads.size = 2 * given.cosines.size(-1);
        for (int64_t s = 0; s < count; s++) {
            given.sequences.offsets.push_back(given.sequences.offsets.back() + lengths[s]);
        }
        if (pasts) std::copy_n(pasts, count, given.sequences.pasts.begin());
        if (summaries) {
            keys = optional(summaries->keys), values = optional(summaries->values);
            gates = ctorch::borrowed(summaries->gates);
            given.sight.block = summaries->block, given.sight.selected = summaries->selected;
        }
        if (cache) given.cache = checked_cache(*cache, given.sight, given.sequences);
        check(given, qkv, keys, values, gates);
        Optional k = given_or_not(keys), v = given_or_not(values), g = given_or_not(gates);
        if (cache || !c10::GradMode::is_enabled()) {
            return ctorch::handle(WindowedAttention::forward(nullptr, qkv, k, v, g, given));
        }
        return ctorch::handle(WindowedAttention::apply(qkv, k, v, g, given));
    });
}

bool ctorch_keep_summaries(ctorch_tensor keys_handle, ctorch_tensor values_handle, ctorch_tensor cosines,
                           ctorch_tensor sines, const int64_t *rows, const int64_t *blocks, int64_t count,
                           int64_t block, const ctorch_window_cache *cache_handles) {
    return ctorch::guarded(false, [&] {
        Tensor keys = ctorch::borrowed(keys_handle), values = ctorch::borrowed(values_handle).contiguous();
        Tensor turned = at::empty_like(keys, at::MemoryFormat::Contiguous);
        WindowCache cache;
        cache.block_keys = ctorch::borrowed(cache_handles->block_keys);
        cache.block_values = ctorch::borrowed(cache_handles->block_values);
        int64_t heads = cache.block_keys.size(1), size = cache.block_keys.size(2);
        TORCH_CHECK(keys.numel() == count * heads * size && values.numel() == keys.numel(), "summaries of shape ",
                    keys.sizes(), " for ", count, " rows");
        const float *c = data(ctorch::borrowed(cosines)), *s = data(ctorch::borrowed(sines));
        for (int64_t i = 0; i < count; i++) {
            int64_t place = i * heads * size, angle = ((blocks[i] + 1) * block - 1) * size / 2;
            ctorch::turn_tokens(data(keys) + place, data(turned) + place, c + angle, s + angle, 1, heads, 0, size, 1);
            ctorch::keep_summary(data(turned) + place, data(values) + place, rows[i], blocks[i], cache);
        }
        return true;
    });
}
