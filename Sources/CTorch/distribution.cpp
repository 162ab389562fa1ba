#include "distribution.h"

#include "boundary.h"
#include "lanes.h"
#include "parallel.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <limits>
#include <vector>

namespace ctorch {
namespace {

/// e^x of what is not above 0 but for rounding: 0 of minus infinity, and no number of what is none.
INLINE float weight(float x) {
    float power = x < -87.0f ? 0.0f : exponential(x);
    return x < 1.0f ? power : std::numeric_limits<float>::quiet_NaN();
}

/// As the scalar one, to the bit.
INLINE Lanes weight(const Lanes &x) {
    Lanes power = x < Lanes{} - 87.0f ? Lanes{} : exponential(x);
    return x < Lanes{} + 1.0f ? power : Lanes{} + std::numeric_limits<float>::quiet_NaN();
}

// What holds lanes is no function of a processor's own: how it would be called depends on the processor.

INLINE float largest_in(const float *row, int64_t size) {
    Lanes tops = -INFINITY - Lanes{};
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) tops = larger(tops, lanes(row + i));
    float top = largest_of(tops);
    for (; i < size; i++) top = std::max(top, row[i]);
    return top;
}

INLINE float weigh_part(const float *row, int64_t size, float top, float factor, float *weights) {
    Lanes parts = {};
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) {
        Lanes part = weight((lanes(row + i) - top) * factor);
        lanes(weights + i) = part;
        parts += part;
    }
    float sum = sum_of(parts);
    for (; i < size; i++) sum += weights[i] = weight((row[i] - top) * factor);
    return sum;
}

INLINE float add_up_part(const float *weights, int64_t size) {
    Lanes parts = {};
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) parts += lanes(weights + i);
    float sum = sum_of(parts);
    for (; i < size; i++) sum += weights[i];
    return sum;
}

}  // namespace

EVERY_PROCESSOR
float largest(const float *row, int64_t size) { return largest_in(row, size); }

EVERY_PROCESSOR
float weigh(const float *row, int64_t size, float top, float factor, float *weights, float *sums) {
    float total = 0;
    for (int64_t i = 0; i < size; i += WEIGHT_CHUNK) {
        sums[i / WEIGHT_CHUNK] = weigh_part(row + i, std::min(WEIGHT_CHUNK, size - i), top, factor, weights + i);
        total += sums[i / WEIGHT_CHUNK];
    }
    return total;
}

EVERY_PROCESSOR
float add_up(const float *weights, int64_t size, float *sums) {
    float total = 0;
    for (int64_t i = 0; i < size; i += WEIGHT_CHUNK) {
        sums[i / WEIGHT_CHUNK] = add_up_part(weights + i, std::min(WEIGHT_CHUNK, size - i));
        total += sums[i / WEIGHT_CHUNK];
    }
    return total;
}

}  // namespace ctorch

namespace {

using at::Tensor;
using ctorch::Lanes;
using ctorch::LANES;
using ctorch::lanes;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr float LEAST = -200;  // a logarithm whose power is 0 in any sum

/// Σ weights · (x - top) · factor. What is ruled out adds nothing, though 0 times minus infinity would be no number.
INLINE float weighed_sum(const float *weights, const float *row, int64_t size, float top, float factor) {
    Lanes products = {};
    for (int64_t v = 0; v < size; v += LANES) {
        Lanes below = (ctorch::some_lanes(row + v, size - v, top) - top) * factor;
        products += ctorch::some_lanes(weights + v, size - v, 0) * ctorch::larger(Lanes{} + LEAST, below);
    }
    return ctorch::sum_of(products);
}

/// Log-probabilities, log Σ e^z and entropies, log Σ e^z - Σ softmax(z) z, of z = logits · `factor`. `weights` and
/// `sums` have room for one row's.
EVERY_PROCESSOR
void describe(const float *logits, const int64_t *targets, float *log_probs, float *normalizers, float *entropies,
              int64_t rows, int64_t size, float factor, float *weights, float *sums) {
    for (int64_t r = 0; r < rows; r++, logits += size) {
        float top = ctorch::largest(logits, size), sum = ctorch::weigh(logits, size, top, factor, weights, sums);
        normalizers[r] = top * factor + std::log(sum);
        log_probs[r] = logits[targets[r]] * factor - normalizers[r];
        entropies[r] = std::log(sum) - weighed_sum(weights, logits, size, top, factor) / sum;
    }
}

/// dz = dlog_prob (one_hot - p) - dentropy p (log p + entropy); `dentropies` may be null.
INLINE void differentiate_row(const float *logits, float dlog_prob, float dentropy, float normalizer, float entropy,
                              float *dlogits, int64_t size, float factor) {
    int64_t v = 0;
    for (; v + LANES <= size; v += LANES) {
        Lanes log_p = ctorch::larger(Lanes{} + LEAST, lanes(logits + v) * factor - normalizer);
        lanes(dlogits + v) = ctorch::exponential(log_p) * (-dlog_prob - dentropy * (log_p + entropy)) * factor;
    }
    for (; v < size; v++) {
        float log_p = logits[v] * factor - normalizer;
        if (log_p < LEAST) log_p = LEAST;
        dlogits[v] = ctorch::exponential(log_p) * (-dlog_prob - dentropy * (log_p + entropy)) * factor;
    }
}

EVERY_PROCESSOR
void differentiate(const float *logits, const int64_t *targets, const float *dlog_probs, const float *dentropies,
                   const float *normalizers, const float *entropies, float *dlogits, int64_t rows, int64_t size,
                   float factor) {
    for (int64_t r = 0; r < rows; r++, logits += size, dlogits += size) {
        float dlog_prob = dlog_probs ? dlog_probs[r] : 0, dentropy = dentropies ? dentropies[r] : 0;
        differentiate_row(logits, dlog_prob, dentropy, normalizers[r], entropies[r], dlogits, size, factor);
        dlogits[targets[r]] += dlog_prob * factor;
    }
}

template <typename Body>
void over_rows(int64_t rows, int64_t size, Body body) {
    ctorch::parallel_for(0, rows, std::max<int64_t>(1, (1 << 13) / size), body);
}

struct Distribution : torch::autograd::Function<Distribution> {
    static variable_list forward(AutogradContext *context, const Tensor &logits_in, const Tensor &targets_in,
                                 double temperature) {
        Tensor logits = logits_in.contiguous(), targets = targets_in.contiguous();
        int64_t rows = logits.size(0), size = logits.size(1);
        Tensor log_probs = at::empty({rows}), normalizers = at::empty({rows}), entropies = at::empty({rows});
        over_rows(rows, size, [&](int64_t begin, int64_t end) {
            std::vector<float> weights(size), sums(ctorch::weight_chunks(size));
            describe(logits.const_data_ptr<float>() + begin * size, targets.const_data_ptr<int64_t>() + begin,
                     log_probs.mutable_data_ptr<float>() + begin, normalizers.mutable_data_ptr<float>() + begin,
                     entropies.mutable_data_ptr<float>() + begin, end - begin, size,
                     static_cast<float>(1 / temperature), weights.data(), sums.data());
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
        auto factor = static_cast<float>(1 / context->saved_data["temperature"].toDouble());
        Tensor dlogits = at::empty_like(logits);
        Tensor dlog_probs = gradients[0].defined() ? gradients[0].contiguous() : Tensor();
        Tensor dentropies = gradients[2].defined() ? gradients[2].contiguous() : Tensor();
        int64_t size = logits.size(1);
        over_rows(logits.size(0), size, [&](int64_t begin, int64_t end) {
            differentiate(logits.const_data_ptr<float>() + begin * size, targets.const_data_ptr<int64_t>() + begin,
                          dlog_probs.defined() ? dlog_probs.const_data_ptr<float>() + begin : nullptr,
                          dentropies.defined() ? dentropies.const_data_ptr<float>() + begin : nullptr,
                          normalizers.const_data_ptr<float>() + begin, entropies.const_data_ptr<float>() + begin,
                          dlogits.mutable_data_ptr<float>() + begin * size, end - begin, size, factor);
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
