// The small steps between a transformer's matrix products, each in one pass over memory: what takes libtorch five to
// ten operators, with as many intermediate tensors, forwards and backwards.
#include "boundary.h"
#include "lanes.h"
#include "parallel.h"
#include "token_rows.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t GRAIN = 1 << 14;  // elements that are worth a thread

/// Runs `body(begin, end)` over rows of `width` elements, on several threads if there are many.
template <typename Body>
void over_rows(int64_t rows, int64_t width, Body body) {
    ctorch::parallel_for(0, rows, std::max<int64_t>(1, GRAIN / width), body);
}

// MARK: RMSNorm (Zhang and Sennrich 2019, arXiv:1910.07467, equation 4)

/// dx = scale * (g - n * mean(g * n)) with n = x * scale, g = dy * weight, and `dsum` added if there is one; adds
/// dy * n to `dweight`.
EVERY_PROCESSOR
void rms_norm_backward_rows(const float *dy, const float *dsum, const float *x, const float *weight,
                            const float *scales, float *dx, float *dweight, int64_t rows, int64_t size) {
#pragma clang fp reassociate(on)
    for (int64_t r = 0; r < rows; r++, x += size, dy += size, dx += size) {
        float scale = scales[r], dot = 0;
        for (int64_t i = 0; i < size; i++) dot += dy[i] * weight[i] * x[i];
        float mean = dot * scale * scale / static_cast<float>(size);
        for (int64_t i = 0; i < size; i++) {
            dx[i] = scale * (dy[i] * weight[i] - x[i] * mean);
            dweight[i] += dy[i] * x[i] * scale;
        }
        if (!dsum) continue;
        for (int64_t i = 0; i < size; i++) dx[i] += dsum[i];
        dsum += size;
    }
}

/// The gradients of what was normalized and of the weight; `dsum` may be undefined.
std::pair<Tensor, Tensor> rms_norm_gradients(const Tensor &dy, const Tensor &dsum, const Tensor &x,
                                             const Tensor &weight, const Tensor &scales) {
    constexpr int64_t CHUNK = 128;  // fixed, so that sums do not depend on the number of threads
    int64_t size = x.size(-1), rows = x.numel() / size, chunks = (rows + CHUNK - 1) / CHUNK;
    Tensor dx = at::empty_like(x), partial = at::zeros({chunks, size});
    ctorch::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; c++) {
            int64_t first = c * CHUNK, offset = first * size;
            rms_norm_backward_rows(dy.const_data_ptr<float>() + offset,
                                   dsum.defined() ? dsum.const_data_ptr<float>() + offset : nullptr,
                                   x.const_data_ptr<float>() + offset, weight.const_data_ptr<float>(),
                                   scales.const_data_ptr<float>() + first, dx.mutable_data_ptr<float>() + offset,
                                   partial.mutable_data_ptr<float>() + c * size, std::min(CHUNK, rows - first), size);
        }
    });
    return {dx, at::sum(partial, {0})};
}

struct RMSNorm : torch::autograd::Function<RMSNorm> {
    static Tensor forward(AutogradContext *context, const Tensor &x_in, const Tensor &weight, double eps) {
        Tensor x = x_in.contiguous(), out = at::empty_like(x);
        int64_t size = x.size(-1), rows = x.numel() / size;
        Tensor scales = at::empty({rows});
        over_rows(rows, size, [&](int64_t begin, int64_t end) {
            ctorch::rms_norm_rows(x.const_data_ptr<float>() + begin * size, weight.const_data_ptr<float>(),
                          out.mutable_data_ptr<float>() + begin * size, scales.mutable_data_ptr<float>() + begin,
                          end - begin, size, eps);
        });
        if (context) context->save_for_backward({x, weight, scales});
        return out;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto [dx, dweight] = rms_norm_gradients(gradients[0].contiguous(), Tensor(), saved[0], saved[1], saved[2]);
        return {dx, dweight, Tensor()};
    }
};

/// A residual connection and the norm behind it: forwards the sum is normalized while it is at hand, backwards its two
/// gradients meet in one pass.
struct AddRMSNorm : torch::autograd::Function<AddRMSNorm> {
    static variable_list forward(AutogradContext *context, const Tensor &x_in, const Tensor &change_in,
                                 const Tensor &weight, double eps) {
        Tensor x = x_in.contiguous(), change = change_in.contiguous(), sum = at::empty_like(x), out = at::empty_like(x);
        int64_t size = x.size(-1), rows = x.numel() / size;
        Tensor scales = at::empty({rows});
        over_rows(rows, size, [&](int64_t begin, int64_t end) {
            int64_t offset = begin * size;
            ctorch::add_rms_norm_rows(x.const_data_ptr<float>() + offset, change.const_data_ptr<float>() + offset,
                          weight.const_data_ptr<float>(), sum.mutable_data_ptr<float>() + offset,
                          out.mutable_data_ptr<float>() + offset, scales.mutable_data_ptr<float>() + begin,
                          end - begin, size, eps);
        });
        if (context) {
            context->save_for_backward({sum, weight, scales});
            context->set_materialize_grads(false);
        }
        return {sum, out};
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto saved = context->get_saved_variables();
        Tensor dsum = gradients[0].defined() ? gradients[0].contiguous() : Tensor();
        if (!gradients[1].defined()) return {dsum, dsum, Tensor(), Tensor()};
        auto [dx, dweight] = rms_norm_gradients(gradients[1].contiguous(), dsum, saved[0], saved[1], saved[2]);
        return {dx, dx, dweight, Tensor()};
    }
};

// MARK: SwiGLU (Shazeer 2020, arXiv:2002.05202, equation 6)

EVERY_PROCESSOR
void swiglu_backward_rows(const float *dy, const float *x, float *dx, int64_t rows, int64_t size) {
    for (int64_t r = 0; r < rows; r++, x += 2 * size, dx += 2 * size, dy += size) {
        for (int64_t i = 0; i < size; i++) {
            float gate = x[i], sigmoid = 1 / (1 + ctorch::exponential(-gate));
            dx[i] = dy[i] * x[size + i] * sigmoid * (1 + gate * (1 - sigmoid));
            dx[size + i] = dy[i] * gate * sigmoid;
        }
    }
}

struct SwiGLU : torch::autograd::Function<SwiGLU> {
    static Tensor forward(AutogradContext *context, const Tensor &x_in) {
        Tensor x = x_in.contiguous();
        auto sizes = x.sizes().vec();
        sizes.back() /= 2;
        Tensor out = at::empty(sizes, x.options());
        int64_t size = sizes.back(), rows = x.numel() / (2 * size);
        over_rows(rows, 2 * size, [&](int64_t begin, int64_t end) {
            ctorch::swiglu_rows(x.const_data_ptr<float>() + begin * 2 * size,
                                out.mutable_data_ptr<float>() + begin * size, end - begin, size);
        });
        if (context) context->save_for_backward({x});
        return out;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        Tensor x = context->get_saved_variables()[0], dy = gradients[0].contiguous(), dx = at::empty_like(x);
        int64_t size = dy.size(-1), rows = dy.numel() / size;
        over_rows(rows, 2 * size, [&](int64_t begin, int64_t end) {
            swiglu_backward_rows(dy.const_data_ptr<float>() + begin * size,
                                 x.const_data_ptr<float>() + begin * 2 * size,
                                 dx.mutable_data_ptr<float>() + begin * 2 * size, end - begin, size);
        });
        return {dx};
    }
};

/// Records only what can need a gradient: outside of training a call costs nothing but its kernel.
template <typename Kernel, typename... Rest>
auto call(const Tensor &x, const Rest &...rest) {
    return c10::GradMode::is_enabled() ? Kernel::apply(x, rest...) : Kernel::forward(nullptr, x, rest...);
}

void check_plain(const Tensor &tensor) {
    TORCH_CHECK(tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous(),
                "needs contiguous float32 on the CPU");
}

}  // namespace

ctorch_tensor ctorch_rms_norm(ctorch_tensor x, ctorch_tensor weight_handle, double eps) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        Tensor input = ctorch::borrowed(x), weight = ctorch::borrowed(weight_handle);
        check_plain(weight);
        TORCH_CHECK(input.scalar_type() == at::kFloat && input.dim() > 0 && input.size(-1) == weight.numel(),
                    "rms_norm of shape ", input.sizes(), " with weights of shape ", weight.sizes());
        return ctorch::handle(call<RMSNorm>(input, weight, eps));
    });
}

bool ctorch_add_rms_norm(ctorch_tensor x_handle, ctorch_tensor change_handle, ctorch_tensor weight_handle, double eps,
                         ctorch_tensor *results) {
    return ctorch::guarded(false, [&] {
        Tensor x = ctorch::borrowed(x_handle), change = ctorch::borrowed(change_handle);
        Tensor weight = ctorch::borrowed(weight_handle);
        check_plain(weight);
        TORCH_CHECK(x.scalar_type() == at::kFloat && change.scalar_type() == at::kFloat && x.dim() > 0 &&
                        x.size(-1) == weight.numel() && x.sizes() == change.sizes(),
                    "add_rms_norm of shapes ", x.sizes(), " and ", change.sizes(), " with weights of shape ",
                    weight.sizes());
        auto made = call<AddRMSNorm>(x, change, weight, eps);
        for (int i = 0; i < 2; i++) results[i] = ctorch::handle(std::move(made[i]));
        return true;
    });
}

ctorch_tensor ctorch_swiglu(ctorch_tensor x) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        Tensor input = ctorch::borrowed(x);
        TORCH_CHECK(input.scalar_type() == at::kFloat && input.dim() > 0 && input.size(-1) % 2 == 0,
                    "swiglu of shape ", input.sizes());
        return ctorch::handle(call<SwiGLU>(input));
    });
}
