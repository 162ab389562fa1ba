// The small steps between a transformer's matrix products, each in one pass over memory: what takes libtorch five to
// ten operators, with as many intermediate tensors, forwards and backwards.
#include "boundary.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

// Compiled for several processors at once; the loader picks.
#if defined(__x86_64__) && defined(__linux__)
#define EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_PROCESSOR
#endif

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t GRAIN = 1 << 14;  // elements that are worth a thread

/// Runs `body(begin, end)` over rows of `width` elements, on several threads if there are many.
template <typename Body>
void over_rows(int64_t rows, int64_t width, Body body) {
    at::parallel_for(0, rows, std::max<int64_t>(1, GRAIN / width), body);
}

// MARK: RMSNorm (Zhang and Sennrich 2019, arXiv:1910.07467, equation 4)

EVERY_PROCESSOR
void rms_norm_rows(const float *x, const float *weight, float *out, float *scales, int64_t rows, int64_t size,
                   double eps) {
#pragma clang fp reassociate(on)
    for (int64_t r = 0; r < rows; r++, x += size, out += size) {
        float squares = 0;
        for (int64_t i = 0; i < size; i++) squares += x[i] * x[i];
        float scale = static_cast<float>(1 / std::sqrt(squares / size + eps));
        scales[r] = scale;
        for (int64_t i = 0; i < size; i++) out[i] = x[i] * scale * weight[i];
    }
}

/// dx = scale * (g - n * mean(g * n)) with n = x * scale, g = dy * weight; adds dy * n to `dweight`.
EVERY_PROCESSOR
void rms_norm_backward_rows(const float *dy, const float *x, const float *weight, const float *scales, float *dx,
                            float *dweight, int64_t rows, int64_t size) {
#pragma clang fp reassociate(on)
    for (int64_t r = 0; r < rows; r++, x += size, dy += size, dx += size) {
        float scale = scales[r], dot = 0;
        for (int64_t i = 0; i < size; i++) dot += dy[i] * weight[i] * x[i];
        float mean = dot * scale * scale / static_cast<float>(size);
        for (int64_t i = 0; i < size; i++) {
            dx[i] = scale * (dy[i] * weight[i] - x[i] * mean);
            dweight[i] += dy[i] * x[i] * scale;
        }
    }
}

struct RMSNorm : torch::autograd::Function<RMSNorm> {
    static Tensor forward(AutogradContext *context, const Tensor &x_in, const Tensor &weight, double eps) {
        Tensor x = x_in.contiguous(), out = at::empty_like(x);
        int64_t size = x.size(-1), rows = x.numel() / size;
        Tensor scales = at::empty({rows});
        over_rows(rows, size, [&](int64_t begin, int64_t end) {
            rms_norm_rows(x.const_data_ptr<float>() + begin * size, weight.const_data_ptr<float>(),
                          out.mutable_data_ptr<float>() + begin * size, scales.mutable_data_ptr<float>() + begin,
                          end - begin, size, eps);
        });
        if (context) context->save_for_backward({x, weight, scales});
        return out;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        constexpr int64_t CHUNK = 128;  // fixed, so that sums do not depend on the number of threads
        auto saved = context->get_saved_variables();
        Tensor x = saved[0], weight = saved[1], scales = saved[2], dy = gradients[0].contiguous();
        int64_t size = x.size(-1), rows = x.numel() / size, chunks = (rows + CHUNK - 1) / CHUNK;
        Tensor dx = at::empty_like(x), partial = at::zeros({chunks, size});
        at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
            for (int64_t c = begin; c < end; c++) {
                int64_t first = c * CHUNK, offset = first * size;
                rms_norm_backward_rows(dy.const_data_ptr<float>() + offset, x.const_data_ptr<float>() + offset,
                                       weight.const_data_ptr<float>(), scales.const_data_ptr<float>() + first,
                                       dx.mutable_data_ptr<float>() + offset,
                                       partial.mutable_data_ptr<float>() + c * size, std::min(CHUNK, rows - first),
                                       size);
            }
        });
        return {dx, at::sum(partial, {0}), Tensor()};
    }
};

// MARK: SwiGLU (Shazeer 2020, arXiv:2002.05202, equation 6)

/// e^x to about one unit in the last place, in a form that compilers vectorize: 2^n times a polynomial.
inline float exponential(float x) {
    x = std::min(88.0f, std::max(-87.0f, x));
    float n = std::nearbyintf(x * 1.44269504f);
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
    float power;
    __builtin_memcpy(&power, &bits, sizeof power);
    return p * power;
}

EVERY_PROCESSOR
void swiglu_rows(const float *x, float *out, int64_t rows, int64_t size) {
    for (int64_t r = 0; r < rows; r++, x += 2 * size, out += size) {
        for (int64_t i = 0; i < size; i++) out[i] = x[i] / (1 + exponential(-x[i])) * x[size + i];
    }
}

EVERY_PROCESSOR
void swiglu_backward_rows(const float *dy, const float *x, float *dx, int64_t rows, int64_t size) {
    for (int64_t r = 0; r < rows; r++, x += 2 * size, dx += 2 * size, dy += size) {
        for (int64_t i = 0; i < size; i++) {
            float gate = x[i], sigmoid = 1 / (1 + exponential(-gate));
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
            swiglu_rows(x.const_data_ptr<float>() + begin * 2 * size, out.mutable_data_ptr<float>() + begin * size,
                        end - begin, size);
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

// MARK: rotary positions (Su et al. 2021, arXiv:2104.09864, equation 34)

/// Turns one head: `direction` 1 forwards, -1 back.
inline void turn(const float *in, const float *cosines, const float *sines, float *out, int64_t half,
                 float direction) {
    for (int64_t i = 0; i < half; i++) {
        float c = cosines[i], s = sines[i] * direction, a = in[i], b = in[half + i];
        out[i] = a * c - b * s;
        out[half + i] = b * c + a * s;
    }
}

/// Where a head of q, k or v lies in the three tensors, whose rows of D elements are contiguous.
struct Place {
    float *data;
    int64_t batch_step, head_step, token_step;

    explicit Place(const Tensor &x)
        : data(const_cast<float *>(x.const_data_ptr<float>())), batch_step(x.stride(0)), head_step(x.stride(1)),
          token_step(x.stride(2)) {}

    float *at(int64_t b, int64_t h, int64_t t) const {
        return data + b * batch_step + h * head_step + t * token_step;
    }
};

struct Split {
    int64_t batches, tokens, heads, kv_heads, size;
    bool angles_by_row;  // one angle per row of the batch rather than per token

    /// Moves tokens `begin..<end` of all rows between `packed` and the three, turning q and k.
    EVERY_PROCESSOR
    void move(float *packed, Place q, Place k, Place v, const float *cosines, const float *sines, bool forwards,
              int64_t begin, int64_t end) const {
        int64_t half = size / 2;
        for (int64_t i = begin; i < end; i++) {
            int64_t b = i / tokens, t = i % tokens, angle = (angles_by_row ? b : t) * half;
            float *row = packed + i * (heads + 2 * kv_heads) * size;
            for (int64_t h = 0; h < heads + kv_heads; h++, row += size) {
                float *other = h < heads ? q.at(b, h, t) : k.at(b, h - heads, t);
                turn(forwards ? row : other, cosines + angle, sines + angle, forwards ? other : row, half,
                     forwards ? 1 : -1);
            }
            for (int64_t h = 0; h < kv_heads; h++, row += size) {
                float *other = v.at(b, h, t);
                if (forwards) {
                    std::copy_n(row, size, other);
                } else {
                    std::copy_n(other, size, row);
                }
            }
        }
    }

    void run(const Tensor &packed, const Tensor &q, const Tensor &k, const Tensor &v, const Tensor &cosines,
             const Tensor &sines, bool forwards) const {
        float *data = const_cast<float *>(packed.const_data_ptr<float>());
        Place q_place(q), k_place(k), v_place(v);
        over_rows(batches * tokens, (heads + 2 * kv_heads) * size, [&](int64_t begin, int64_t end) {
            move(data, q_place, k_place, v_place, cosines.const_data_ptr<float>(), sines.const_data_ptr<float>(),
                 forwards, begin, end);
        });
    }
};

struct RotarySplit : torch::autograd::Function<RotarySplit> {
    static Split shape(const Tensor &qkv, const Tensor &cosines, int64_t heads, int64_t kv_heads) {
        int64_t size = qkv.size(2) / (heads + 2 * kv_heads);
        bool by_row = qkv.size(1) == 1 && cosines.size(0) == qkv.size(0);
        TORCH_CHECK(size * (heads + 2 * kv_heads) == qkv.size(2) && cosines.size(-1) * 2 == size &&
                        (by_row || cosines.size(0) == qkv.size(1)),
                    "qkv of shape ", qkv.sizes(), " with angles of shape ", cosines.sizes());
        return {qkv.size(0), qkv.size(1), heads, kv_heads, size, by_row};
    }

    static variable_list forward(AutogradContext *context, const Tensor &qkv_in, const Tensor &cosines,
                                 const Tensor &sines, int64_t heads, int64_t kv_heads) {
        Tensor qkv = qkv_in.contiguous();
        Split split = shape(qkv, cosines, heads, kv_heads);
        Tensor q = at::empty({split.batches, heads, split.tokens, split.size});
        Tensor k = at::empty({split.batches, kv_heads, split.tokens, split.size}), v = at::empty_like(k);
        split.run(qkv, q, k, v, cosines, sines, true);
        if (context) {
            context->save_for_backward({cosines, sines});
            context->saved_data["heads"] = std::vector<int64_t>{heads, kv_heads};
        }
        return {q, k, v};
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto heads = context->saved_data["heads"].toIntVector();
        // Only a head's elements must lie side by side.
        for (auto &gradient : gradients) {
            if (gradient.stride(3) != 1) gradient = gradient.contiguous();
        }
        const Tensor &dq = gradients[0];
        int64_t width = (heads[0] + 2 * heads[1]) * dq.size(3);
        Tensor dqkv = at::empty({dq.size(0), dq.size(2), width});
        Split split = shape(dqkv, saved[0], heads[0], heads[1]);
        split.run(dqkv, dq, gradients[1], gradients[2], saved[0], saved[1], false);
        return {dqkv, Tensor(), Tensor(), Tensor(), Tensor()};
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

ctorch_tensor ctorch_swiglu(ctorch_tensor x) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        Tensor input = ctorch::borrowed(x);
        TORCH_CHECK(input.scalar_type() == at::kFloat && input.dim() > 0 && input.size(-1) % 2 == 0,
                    "swiglu of shape ", input.sizes());
        return ctorch::handle(call<SwiGLU>(input));
    });
}

bool ctorch_rotary_split(ctorch_tensor qkv_handle, ctorch_tensor cosines_handle, ctorch_tensor sines_handle,
                         int64_t heads, int64_t kv_heads, ctorch_tensor *results) {
    return ctorch::guarded(false, [&] {
        Tensor qkv = ctorch::borrowed(qkv_handle), cosines = ctorch::borrowed(cosines_handle);
        Tensor sines = ctorch::borrowed(sines_handle);
        check_plain(cosines);
        check_plain(sines);
        TORCH_CHECK(qkv.scalar_type() == at::kFloat && qkv.dim() == 3 && cosines.sizes() == sines.sizes(),
                    "rotary_split of shape ", qkv.sizes());
        auto parts = call<RotarySplit>(qkv, cosines, sines, heads, kv_heads);
        for (size_t i = 0; i < 3; i++) results[i] = ctorch::handle(std::move(parts[i]));
        return true;
    });
}
