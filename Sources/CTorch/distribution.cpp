// What logits say about tokens that were chosen: log-probabilities and entropies, with their gradient. libtorch takes
// ten operators for it, each over all logits.
#include "boundary.h"
#include "lanes.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using ctorch::Lanes;
using ctorch::LANES;
using ctorch::lanes;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Of a row of logits divided by a temperature: z, the largest, log Σ e^(z - largest), and Σ softmax(z) (z - largest).
struct Summary {
    float largest, log_sum, mean;

    float normalizer() const { return largest + log_sum; }
    float entropy() const { return log_sum - mean; }
};

INLINE Summary summarize(const float *logits, int64_t size, float temperature) {
    Lanes tops = Lanes{} - INFINITY, sums = {}, products = {};
    for (int64_t v = 0; v < size; v += LANES) {
        tops = ctorch::larger(tops, ctorch::some_lanes(logits + v, size - v, -INFINITY));
    }
    float largest = ctorch::largest_of(tops) / temperature;
    for (int64_t v = 0; v < size; v += LANES) {
        Lanes z = ctorch::some_lanes(logits + v, size - v, 0) / temperature - largest, power = ctorch::exponential(z);
        if (v + LANES > size) power = ctorch::lanes_between(power, 0, size - v, 0);
        sums += power;
        products += power * z;
    }
    float sum = ctorch::sum_of(sums);
    return {largest, std::log(sum), ctorch::sum_of(products) / sum};
}

EVERY_PROCESSOR
void describe(const float *logits, const int64_t *targets, float *log_probs, float *normalizers, float *entropies,
              int64_t rows, int64_t size, float temperature) {
    for (int64_t r = 0; r < rows; r++, logits += size) {
        Summary row = summarize(logits, size, temperature);
        log_probs[r] = logits[targets[r]] / temperature - row.largest - row.log_sum;
        normalizers[r] = row.normalizer();
        entropies[r] = row.entropy();
    }
}

/// dz = dlog_prob (one_hot - p) - dentropy p (log p + entropy); `dentropies` may be null.
INLINE void differentiate_row(const float *logits, float dlog_prob, float dentropy, float normalizer, float entropy,
                              float *dlogits, int64_t size, float temperature) {
    int64_t v = 0;
    for (; v + LANES <= size; v += LANES) {
        Lanes log_p = lanes(logits + v) / temperature - normalizer;
        lanes(dlogits + v) = ctorch::exponential(log_p) * (-dlog_prob - dentropy * (log_p + entropy)) / temperature;
    }
    for (; v < size; v++) {
        float log_p = logits[v] / temperature - normalizer;
        dlogits[v] = ctorch::exponential(log_p) * (-dlog_prob - dentropy * (log_p + entropy)) / temperature;
    }
}

EVERY_PROCESSOR
void differentiate(const float *logits, const int64_t *targets, const float *dlog_probs, const float *dentropies,
                   const float *normalizers, const float *entropies, float *dlogits, int64_t rows, int64_t size,
                   float temperature) {
    for (int64_t r = 0; r < rows; r++, logits += size, dlogits += size) {
        float dlog_prob = dlog_probs ? dlog_probs[r] : 0, dentropy = dentropies ? dentropies[r] : 0;
        differentiate_row(logits, dlog_prob, dentropy, normalizers[r], entropies[r], dlogits, size, temperature);
        dlogits[targets[r]] += dlog_prob / temperature;
    }
}

template <typename Body>
void over_rows(int64_t rows, int64_t size, Body body) {
    at::parallel_for(0, rows, std::max<int64_t>(1, (1 << 13) / size), body);
}

struct Distribution : torch::autograd::Function<Distribution> {
    static variable_list forward(AutogradContext *context, const Tensor &logits_in, const Tensor &targets_in,
                                 double temperature) {
        Tensor logits = logits_in.contiguous(), targets = targets_in.contiguous();
        int64_t rows = logits.size(0), size = logits.size(1);
        Tensor log_probs = at::empty({rows}), normalizers = at::empty({rows}), entropies = at::empty({rows});
        over_rows(rows, size, [&](int64_t begin, int64_t end) {
            describe(logits.const_data_ptr<float>() + begin * size, targets.const_data_ptr<int64_t>() + begin,
                     log_probs.mutable_data_ptr<float>() + begin, normalizers.mutable_data_ptr<float>() + begin,
                     entropies.mutable_data_ptr<float>() + begin, end - begin, size, static_cast<float>(temperature));
        });
        if (context) {
            context->save_for_backward({logits, targets, normalizers, entropies});
            context->saved_data["temperature"] = temperature;
            context->mark_non_differentiable({normalizers});
            context->set_materialize_grads(false);
        }
        return {log_probs, normalizers, entropies};
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto saved = context->get_saved_variables();
        const Tensor &logits = saved[0], &targets = saved[1], &normalizers = saved[2], &entropies = saved[3];
        auto temperature = static_cast<float>(context->saved_data["temperature"].toDouble());
        Tensor dlogits = at::empty_like(logits);
        Tensor dlog_probs = gradients[0].defined() ? gradients[0].contiguous() : Tensor();
        Tensor dentropies = gradients[2].defined() ? gradients[2].contiguous() : Tensor();
        int64_t size = logits.size(1);
        over_rows(logits.size(0), size, [&](int64_t begin, int64_t end) {
            differentiate(logits.const_data_ptr<float>() + begin * size, targets.const_data_ptr<int64_t>() + begin,
                          dlog_probs.defined() ? dlog_probs.const_data_ptr<float>() + begin : nullptr,
                          dentropies.defined() ? dentropies.const_data_ptr<float>() + begin : nullptr,
                          normalizers.const_data_ptr<float>() + begin, entropies.const_data_ptr<float>() + begin,
                          dlogits.mutable_data_ptr<float>() + begin * size, end - begin, size, temperature);
        });
        return {dlogits, Tensor(), Tensor()};
    }
};

}  // namespace

bool ctorch_token_distribution(ctorch_tensor logits_handle, ctorch_tensor targets_handle, double temperature,
                               ctorch_tensor *results) {
    return ctorch::guarded(false, [&] {
        Tensor logits = ctorch::borrowed(logits_handle), targets = ctorch::borrowed(targets_handle).contiguous();
        TORCH_CHECK(logits.device().is_cpu() && logits.scalar_type() == at::kFloat && logits.dim() == 2 &&
                        targets.scalar_type() == at::kLong && targets.dim() == 1 && targets.size(0) == logits.size(0),
                    "logits of shape ", logits.sizes(), " with targets of shape ", targets.sizes());
        for (int64_t r = 0; r < targets.size(0); r++) {
            int64_t target = targets.const_data_ptr<int64_t>()[r];
            TORCH_CHECK_INDEX(target >= 0 && target < logits.size(1), "token ", target, " of ", logits.size(1));
        }
        auto made = c10::GradMode::is_enabled() ? Distribution::apply(logits, targets, temperature)
                                                : Distribution::forward(nullptr, logits, targets, temperature);
        for (int i = 0; i < 3; i++) results[i] = ctorch::handle(std::move(made[i]));
        return true;
    });
}
