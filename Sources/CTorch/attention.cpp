// Causal self-attention with rotary positions, over sequences of any lengths that stand one behind the other in one
// line of tokens, and over a cache of earlier tokens.
//
// No sequence is filled up. Every query's numbers are added up in one order, that of its keys, whatever is computed
// beside it: a token that is decoded with a cache has the same bits as in a pass over its whole sequence. Softmax is
// computed over whole rows, which fit into a core's cache; the backward pass computes it again from the row's
// log Σ exp (Dao et al. 2022, arXiv:2205.14135, appendix B.2).
#include "attention_line.h"
#include "boundary.h"
#include "columns.h"

#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using ctorch::Heads;
using ctorch::Row;
using ctorch::Sequences;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Keys as columns `[rows, key heads, size, tokens]` and values as rows `[rows, key heads, tokens, size]`.
struct Cache {
    Tensor keys, values;
    int64_t first_row = 0;

    explicit operator bool() const { return keys.defined(); }
};

/// The keys and values of one head of one sequence.
struct Past {
    const float *columns;  // keys, [size, stride]
    int64_t stride;
    const float *values;
    int64_t step;
};

/// The queries that share a key head, token by token.
std::vector<Row> query_rows(const Sequences &sequences, const Heads &heads, int64_t s, int64_t kv, const Tensor &turned,
                            const Tensor &out, const Tensor &sums) {
    std::vector<Row> rows;
    rows.reserve(sequences.length(s) * heads.group());
    const float *queries = turned.const_data_ptr<float>();
    float *outs = out.mutable_data_ptr<float>(), *ends = sums.defined() ? sums.mutable_data_ptr<float>() : nullptr;
    for (int64_t t = 0; t < sequences.length(s); t++) {
        int64_t token = sequences.offsets[s] + t;
        for (int64_t h = kv * heads.group(); h < (kv + 1) * heads.group(); h++) {
            int64_t place = token * heads.query + h;
            rows.push_back({queries + token * heads.width() + h * heads.size, outs + place * heads.size,
                            ends ? ends + place : nullptr, sequences.pasts[s] + t + 1});
        }
    }
    return rows;
}

/// Puts the sequence's new keys and values behind those of the cache's row.
Past remember(const Cache &cache, const float *tokens, const Sequences &sequences, const Heads &heads, int64_t s,
              int64_t kv) {
    int64_t stride = cache.keys.size(3), place = ((cache.first_row + s) * heads.key + kv) * stride * heads.size;
    float *keys = cache.keys.mutable_data_ptr<float>() + place;
    float *values = cache.values.mutable_data_ptr<float>() + place;
    for (int64_t t = 0; t < sequences.length(s); t++) {
        const float *k = tokens + t * heads.width() + (heads.query + kv) * heads.size;
        int64_t position = sequences.pasts[s] + t;
        for (int64_t d = 0; d < heads.size; d++) keys[d * stride + position] = k[d];
        std::copy_n(k + heads.key * heads.size, heads.size, values + position * heads.size);
    }
    return {keys, stride, values, heads.size};
}

struct SelfAttention : torch::autograd::Function<SelfAttention> {
    static Tensor forward(AutogradContext *context, const Tensor &qkv_in, const Tensor &cosines, const Tensor &sines,
                          const Sequences &sequences, const Heads &heads, const Cache &cache) {
        Tensor qkv = qkv_in.contiguous(), turned = at::empty_like(qkv);
        Tensor out = at::empty({qkv.size(0), heads.query * heads.size}), sums;
        if (context) sums = at::empty({qkv.size(0), heads.query});
        ctorch::turn_line(qkv.const_data_ptr<float>(), turned.mutable_data_ptr<float>(), sequences, heads, cosines, sines, 1);
        int64_t stride = ctorch::column_stride(sequences.longest());
        ctorch::over_heads(sequences, heads, (heads.size + Row::BLOCK) * stride, [&](int64_t s, int64_t kv, float *scratch) {
            const float *tokens = turned.const_data_ptr<float>() + sequences.offsets[s] * heads.width();
            const float *keys = tokens + (heads.query + kv) * heads.size;
            Past past{scratch + Row::BLOCK * stride, stride, keys + heads.key * heads.size, heads.width()};
            if (cache) {
                past = remember(cache, tokens, sequences, heads, s, kv);
            } else {
                ctorch::turn_into_columns(keys, heads.width(), sequences.length(s), heads.size,
                                          scratch + Row::BLOCK * stride, stride);
            }
            auto rows = query_rows(sequences, heads, s, kv, turned, out, sums);
            ctorch::attend(rows.data(), static_cast<int64_t>(rows.size()), past.columns, past.stride, past.values,
                           past.step, heads.size, heads.scale(), scratch, stride);
        });
        if (context) {
            context->save_for_backward({turned, out, sums, cosines, sines});
            context->saved_data["offsets"] = sequences.offsets;
            context->saved_data["heads"] = std::vector<int64_t>{heads.query, heads.key, heads.size};
        }
        return out;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto saved = context->get_saved_variables();
        const Tensor &turned = saved[0], &out = saved[1], &sums = saved[2];
        auto shape = context->saved_data["heads"].toIntVector();
        Heads heads{shape[0], shape[1], shape[2]};
        Sequences sequences{context->saved_data["offsets"].toIntVector(), {}};
        sequences.pasts.resize(sequences.offsets.size() - 1);
        Tensor dout = gradients[0].contiguous(), dturned = at::empty_like(turned), dqkv = at::empty_like(turned);
        int64_t stride = ctorch::column_stride(sequences.longest()), size = heads.size;
        int64_t scratch_size = (2 * size + 2 * Row::BLOCK) * stride;
        ctorch::over_heads(sequences, heads, scratch_size, [&](int64_t s, int64_t kv, float *scratch) {
            int64_t length = sequences.length(s), width = heads.width(), first = sequences.offsets[s] * width;
            int64_t key = (heads.query + kv) * size, value = key + heads.key * size;
            const float *tokens = turned.const_data_ptr<float>() + first;
            float *dtokens = dturned.mutable_data_ptr<float>() + first;
            auto rows = query_rows(sequences, heads, s, kv, turned, out, sums);
            const float *outs = out.const_data_ptr<float>(), *gradients = dout.const_data_ptr<float>();
            for (auto &row : rows) {
                row.gradient = gradients + (row.out - outs);
                row.query_gradient = dtokens + (row.query - tokens);
            }
            float *columns = scratch + 2 * Row::BLOCK * stride;
            ctorch::turn_into_columns(tokens + key, width, length, size, columns, stride);
            ctorch::turn_into_columns(tokens + value, width, length, size, columns + size * stride, stride);
            for (int64_t t = 0; t < length; t++) {
                std::fill_n(dtokens + t * width + key, size, 0.0f);
                std::fill_n(dtokens + t * width + value, size, 0.0f);
            }
            ctorch::differentiate(rows.data(), static_cast<int64_t>(rows.size()), columns, columns + size * stride,
                                  stride, tokens + key, dtokens + key, dtokens + value, width, size, heads.scale(),
                                  scratch);
        });
        ctorch::turn_line(dturned.const_data_ptr<float>(), dqkv.mutable_data_ptr<float>(), sequences, heads, saved[3], saved[4],
                  -1);
        return {dqkv, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
    }
};

Cache checked_cache(const ctorch_attention_cache *given, const Sequences &sequences, const Heads &heads) {
    if (!given) return {};
    Cache cache{ctorch::borrowed(given->keys), ctorch::borrowed(given->values), given->first_row};
    ctorch::check_plain(cache.keys);
    ctorch::check_plain(cache.values);
    TORCH_CHECK(cache.keys.dim() == 4 && cache.keys.size(1) == heads.key && cache.keys.size(2) == heads.size &&
                    cache.keys.size(3) % ctorch::LANES == 0 && cache.keys.numel() == cache.values.numel() &&
                    cache.keys.size(0) >= cache.first_row + sequences.count() &&
                    cache.keys.size(3) >= sequences.longest(),
                "keys of shape ", cache.keys.sizes(), " for ", sequences.count(), " rows of up to ",
                sequences.longest(), " tokens");
    return cache;
}

}  // namespace

ctorch_tensor ctorch_self_attention(ctorch_tensor qkv_handle, ctorch_tensor cosines_handle, ctorch_tensor sines_handle,
                                    const int64_t *lengths, const int64_t *pasts, int64_t count, int64_t query_heads,
                                    int64_t key_heads, const ctorch_attention_cache *cache_or_null) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        Tensor qkv = ctorch::borrowed(qkv_handle), cosines = ctorch::borrowed(cosines_handle);
        Tensor sines = ctorch::borrowed(sines_handle);
        ctorch::check_plain(cosines);
        ctorch::check_plain(sines);
        Heads heads{query_heads, key_heads, 2 * cosines.size(-1)};
        Sequences sequences{{0}, std::vector<int64_t>(count)};
        for (int64_t s = 0; s < count; s++) sequences.offsets.push_back(sequences.offsets.back() + lengths[s]);
        if (pasts) std::copy_n(pasts, count, sequences.pasts.begin());
        TORCH_CHECK(qkv.scalar_type() == at::kFloat && qkv.dim() == 2 && qkv.size(1) == heads.width() &&
                        count > 0 && qkv.size(0) == sequences.offsets.back() && query_heads % key_heads == 0,
                    "self_attention of shape ", qkv.sizes(), " for ", sequences.offsets.back(), " tokens");
        TORCH_CHECK(cosines.size(0) >= sequences.longest() && cosines.sizes() == sines.sizes(), "angles of shape ",
                    cosines.sizes(), " for ", sequences.longest(), " tokens");
        Cache cache = checked_cache(cache_or_null, sequences, heads);
        if (cache || !c10::GradMode::is_enabled()) {
            return ctorch::handle(SelfAttention::forward(nullptr, qkv, cosines, sines, sequences, heads, cache));
        }
        return ctorch::handle(SelfAttention::apply(qkv, cosines, sines, sequences, heads, cache));
    });
}
