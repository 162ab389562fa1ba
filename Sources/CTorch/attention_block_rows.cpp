// The keys and values of complete blocks, each block's beside each other: what a layer makes summaries of.
#include "attention_line.h"
#include "boundary.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using ctorch::Heads;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Runs `body(place in the line, place in the rows)` for the keys of every head of every token in a complete block.
template <typename Body>
void over_block_tokens(const std::vector<int64_t> &offsets, const Heads &heads, int64_t block, Body body) {
    int64_t row = 0;
    for (size_t s = 0; s + 1 < offsets.size(); s++) {
        for (int64_t first = offsets[s]; first + block <= offsets[s + 1]; first += block, row += heads.key) {
            for (int64_t i = 0; i < block; i++) {
                for (int64_t kv = 0; kv < heads.key; kv++) {
                    body((first + i) * heads.width() + (heads.query + kv) * heads.size,
                         ((row + kv) * block + i) * heads.size);
                }
            }
        }
    }
}

struct BlockRows : torch::autograd::Function<BlockRows> {
    static variable_list forward(AutogradContext *context, const Tensor &qkv_in, const std::vector<int64_t> &offsets,
                                 const Heads &heads, int64_t block) {
        Tensor qkv = qkv_in.contiguous();
        int64_t count = 0;
        for (size_t s = 0; s + 1 < offsets.size(); s++) count += (offsets[s + 1] - offsets[s]) / block;
        Tensor keys = at::empty({count * heads.key, block * heads.size}), values = at::empty_like(keys);
        const float *from = qkv.const_data_ptr<float>();
        float *to_keys = keys.mutable_data_ptr<float>(), *to_values = values.mutable_data_ptr<float>();
        over_block_tokens(offsets, heads, block, [&](int64_t place, int64_t row) {
            std::copy_n(from + place, heads.size, to_keys + row);
            std::copy_n(from + place + heads.key * heads.size, heads.size, to_values + row);
        });
        if (context) {
            context->saved_data["offsets"] = offsets;
            context->saved_data["shape"] = std::vector<int64_t>{heads.query, heads.key, heads.size, block};
        }
        return {keys, values};
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto offsets = context->saved_data["offsets"].toIntVector();
        auto shape = context->saved_data["shape"].toIntVector();
        Heads heads{shape[0], shape[1], shape[2]};
        Tensor dqkv = at::zeros({offsets.back(), heads.width()});
        float *to = dqkv.mutable_data_ptr<float>();
        for (int64_t part = 0; part < 2; part++) {
            if (!gradients[part].defined()) continue;
            Tensor gradient = gradients[part].contiguous();
            const float *from = gradient.const_data_ptr<float>();
            over_block_tokens(offsets, heads, shape[3], [&](int64_t place, int64_t row) {
                std::copy_n(from + row, heads.size, to + place + part * heads.key * heads.size);
            });
        }
        return {dqkv, Tensor(), Tensor(), Tensor()};
    }
};

}  // namespace

bool ctorch_block_rows(ctorch_tensor qkv_handle, const int64_t *lengths, int64_t count, int64_t heads,
                       int64_t kv_heads, int64_t block, ctorch_tensor *results) {
    return ctorch::guarded(false, [&] {
        Tensor qkv = ctorch::borrowed(qkv_handle);
        TORCH_CHECK(qkv.dim() == 2 && qkv.scalar_type() == at::kFloat && qkv.device().is_cpu() && block > 0 &&
                        qkv.size(1) % (heads + 2 * kv_heads) == 0,
                    "block_rows of shape ", qkv.sizes());
        std::vector<int64_t> offsets{0};
        for (int64_t s = 0; s < count; s++) offsets.push_back(offsets.back() + lengths[s]);
        TORCH_CHECK(offsets.back() == qkv.size(0), qkv.size(0), " tokens in sequences of ", offsets.back());
        Heads shape{heads, kv_heads, qkv.size(1) / (heads + 2 * kv_heads)};
        variable_list rows = c10::GradMode::is_enabled() ? BlockRows::apply(qkv, offsets, shape, block)
                                                         : BlockRows::forward(nullptr, qkv, offsets, shape, block);
        for (int64_t part = 0; part < 2; part++) results[part] = ctorch::handle(rows[part]);
        return true;
    });
}
