#include "distribution.h"

#include "attention_rows.h"
#include "boundary.h"
#include "elementwise.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <limits>
#include <vector>

namespace ctorch {

namespace {

constexpr int64_t LANES = Row::LANES;

/// e^x of what is not above 0 but for rounding: 0 of minus infinity, and no number of what is none.
inline __attribute__((always_inline)) float weight(float x) {
    float power = x < -87.0f ? 0.0f : exponential(x);
    return x < 1.0f ? power : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace

EVERY_PROCESSOR
float largest(const float *row, int64_t size) {
    Lanes tops = -INFINITY - Lanes{};
    int64_t whole = size / LANES * LANES;
    float top = -INFINITY;
    for (int64_t i = 0; i < whole; i += LANES) tops = __builtin_elementwise_max(tops, lanes(row + i));
    for (int l = 0; l < LANES; l++) top = std::max(top, tops[l]);
    for (int64_t i = whole; i < size; i++) top = std::max(top, row[i]);
    return top;
}

EVERY_PROCESSOR
float weigh(const float *row, int64_t size, float top, float factor, float *weights, float *sums) {
    float total = 0;
    for (int64_t begin = 0; begin < size; begin += WEIGHT_CHUNK) {
        int64_t end = std::min(size, begin + WEIGHT_CHUNK), whole = begin + (end - begin) / LANES * LANES;
        for (int64_t i = begin; i < end; i++) weights[i] = weight((row[i] - top) * factor);
        Lanes parts = {};
        for (int64_t i = begin; i < whole; i += LANES) parts += lanes(weights + i);
        float sum = 0;
        for (int l = 0; l < LANES; l++) sum += parts[l];
        for (int64_t i = whole; i < end; i++) sum += weights[i];
        sums[begin / WEIGHT_CHUNK] = sum;
        total += sum;
    }
    return total;
}

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Elements that are worth a thread.
constexpr int64_t GRAIN = 1 << 14;

EVERY_PROCESSOR
void share_gradient(const float *row, float log_sum, float gradient, float *out, int64_t size) {
    for (int64_t i = 0; i < size; i++) out[i] = weight(row[i] - log_sum) * gradient;
}

struct LogSumExp : torch::autograd::Function<LogSumExp> {
    static Tensor forward(AutogradContext *context, const Tensor &x_in) {
        Tensor x = x_in.contiguous();
        int64_t size = x.size(1), rows = x.size(0);
        Tensor out = at::empty({rows});
        const float *data = x.const_data_ptr<float>();
        float *results = out.mutable_data_ptr<float>();
        at::parallel_for(0, rows, std::max<int64_t>(1, GRAIN / size), [&](int64_t begin, int64_t end) {
            std::vector<float> weights(size), sums(weight_chunks(size));
            for (int64_t r = begin; r < end; r++) {
                float top = largest(data + r * size, size);
                results[r] = top + std::log(weigh(data + r * size, size, top, 1, weights.data(), sums.data()));
            }
        });
        if (context) context->save_for_backward({x, out});
        return out;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto saved = context->get_saved_variables();
        Tensor x = saved[0], dy = gradients[0].contiguous(), dx = at::empty_like(x);
        int64_t size = x.size(1);
        at::parallel_for(0, x.size(0), std::max<int64_t>(1, GRAIN / size), [&](int64_t begin, int64_t end) {
            for (int64_t r = begin; r < end; r++) {
                share_gradient(x.const_data_ptr<float>() + r * size, saved[1].const_data_ptr<float>()[r],
                               dy.const_data_ptr<float>()[r], dx.mutable_data_ptr<float>() + r * size, size);
            }
        });
        return {dx};
    }
};

}  // namespace

}  // namespace ctorch

ctorch_tensor ctorch_log_sum_exp(ctorch_tensor x) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        at::Tensor rows = ctorch::borrowed(x);
        TORCH_CHECK(rows.dim() == 2 && rows.scalar_type() == at::kFloat && rows.device().is_cpu() && rows.size(1) > 0,
                    "log_sum_exp of shape ", rows.sizes());
        return ctorch::handle(c10::GradMode::is_enabled() ? ctorch::LogSumExp::apply(rows)
                                                          : ctorch::LogSumExp::forward(nullptr, rows));
    });
}
