// Linear layers in fp32 on CPUs with AVX-512, by oneDNN's small matrix kernel (brgemm) over packed weights.
//
// Against libtorch's own path (MKL) this was measured 1.1 to 1.5 times faster at a training step's shapes and up to 2.5
// times at those of decoding, where a call's fixed cost rules; `hone-bench kernels` measures it again. The sum of an
// output element always runs over the input size in one order, so a row's result has the same bits in any batch.
#include "boundary.h"
#include "columns.h"
#include "parallel.h"

#include <ATen/Version.h>
#include <ATen/native/CPUBlas.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>
#include <unordered_map>

namespace {

using at::Tensor;

constexpr int64_t PANEL = 64;    // columns of a packed panel
constexpr int64_t HEIGHT = 256;  // most rows of one call; with 64 a tenth of the time was the calls' own

/// The next block's height: few different ones, since every height compiles a kernel of its own, which is kept.
int64_t block_height(int64_t most, int64_t rows_left) {
    while (most > rows_left) most /= 2;
    return most;
}

/// A matrix as brgemm wants its right side: panels of 64 columns, each of them row by row.
struct Panels {
    Tensor storage;
    int64_t rows, columns;

    float *panel(int64_t column) const { return storage.mutable_data_ptr<float>() + column * rows; }
};

/// Packs the matrix whose element (r, c) is at `source[r * row_step + c * column_step]`; one of the steps is 1.
Panels pack(const float *source, int64_t rows, int64_t columns, int64_t row_step, int64_t column_step) {
    int64_t padded = (columns + PANEL - 1) / PANEL * PANEL;
    Panels panels{at::empty({padded * rows}), rows, columns};
    ctorch::parallel_for(0, padded / PANEL, 4, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin * PANEL; c < std::min(end * PANEL, columns); c += PANEL) {
            int64_t width = std::min(PANEL, columns - c);
            float *out = panels.panel(c);
            const float *in = source + c * column_step;
            if (column_step == 1) {
                for (int64_t r = 0; r < rows; r++) std::copy_n(in + r * row_step, width, out + r * PANEL);
            } else {
                ctorch::turn_into_columns(in, column_step, width, rows, out, PANEL);
            }
        }
    });
    return panels;
}

/// out[M, N] (+)= a[M, K] · b[K, N]
void multiply(const float *a, const Panels &b, float *out, int64_t m, bool accumulate) {
    int64_t k = b.rows, n = b.columns;
    auto rows = [&](int64_t begin, int64_t end) {
        for (int64_t r = begin, height; r < end; r += height) {
            height = block_height(HEIGHT, end - r);
            for (int64_t c = 0; c < n; c += PANEL) {
                at::native::cpublas::brgemm(height, std::min(PANEL, n - c), k, k, PANEL, n, accumulate, a + r * k,
                                            b.panel(c), out + r * n + c, false);
            }
        }
        at::native::cpublas::brgemm_release(false);
    };
    if (m * k * n < 1 << 18) return rows(0, m);
    int64_t blocks = (m + PANEL - 1) / PANEL;
    ctorch::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) { rows(begin * PANEL, std::min(m, end * PANEL)); });
}

/// out[P, Q] = left[M, P]ᵀ · right[M, Q]. Columns of `left` are turned into rows chunk by chunk, while in the cache.
void multiply_transposed(const float *left, const float *right, float *out, int64_t m, int64_t p, int64_t q) {
    ctorch::parallel_for(0, (p + PANEL - 1) / PANEL, 1, [&](int64_t begin, int64_t end) {
        int64_t first = begin * PANEL, last = std::min(p, end * PANEL);
        std::vector<float> turned((last - first) * HEIGHT);
        for (int64_t r = 0, height; r < m; r += height) {
            height = block_height(HEIGHT, m - r);
            ctorch::turn_into_columns(left + r * p + first, p, height, last - first, turned.data(), HEIGHT);
            for (int64_t c = 0; c < q; c += PANEL) {
                for (int64_t row = first; row < last; row += PANEL) {
                    at::native::cpublas::brgemm(std::min(PANEL, last - row), std::min(PANEL, q - c), height, HEIGHT, q,
                                                q, r > 0, turned.data() + (row - first) * HEIGHT, right + r * q + c,
                                                out + row * q + c, false);
                }
            }
        }
        at::native::cpublas::brgemm_release(false);
    });
}

/// dY[M, N]ᵀ · X[M, K]: the narrower of the two is the one that is turned.
Tensor weight_gradient(const Tensor &dy, const Tensor &x) {
    int64_t m = x.size(0), k = x.size(1), n = dy.size(1);
    const float *dy_data = dy.const_data_ptr<float>(), *x_data = x.const_data_ptr<float>();
    Tensor out = n <= k ? at::empty({n, k}) : at::empty({k, n});
    if (n <= k) {
        multiply_transposed(dy_data, x_data, out.mutable_data_ptr<float>(), m, n, k);
        return out;
    }
    multiply_transposed(x_data, dy_data, out.mutable_data_ptr<float>(), m, k, n);
    return out.t().contiguous();
}

/// Packed transposed weights, by the tensor and the version of its contents.
class PackedWeights {
public:
    /// The packed weight; kept for the next call if `keep`, or if one of it was kept before.
    Panels get(const Tensor &weight, bool keep) {
        auto *key = weight.unsafeGetTensorImpl();
        auto version = weight._version();
        {
            std::lock_guard<std::mutex> lock(mutex_);
            auto found = entries_.find(key);
            if (found != entries_.end() && !found->second.owner.expired()) {
                if (found->second.version == version) return found->second.panels;
                keep = true;  // a weight that is learnt from and asked in turn
            }
        }
        int64_t n = weight.size(0), k = weight.size(1);
        Panels panels = pack(weight.const_data_ptr<float>(), k, n, 1, k);
        std::lock_guard<std::mutex> lock(mutex_);
        std::erase_if(entries_, [](const auto &entry) { return entry.second.owner.expired(); });
        entries_.erase(key);
        if (keep) entries_.emplace(key, Entry{Owner(weight.getIntrusivePtr()), version, panels});
        return panels;
    }

private:
    using Owner = c10::weak_intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>;
    struct Entry {
        Owner owner;
        int64_t version;
        Panels panels;
    };
    std::mutex mutex_;
    std::unordered_map<at::TensorImpl *, Entry> entries_;
};

PackedWeights &packed_weights() {
    static auto *shared = new PackedWeights;
    return *shared;
}

Tensor forward(const Tensor &x, const Tensor &weight, const std::optional<Tensor> &bias, bool keep) {
    auto sizes = x.sizes().vec();
    sizes.back() = weight.size(0);
    Tensor rows = x.contiguous(), out = at::empty(sizes, x.options());
    int64_t m = x.numel() / x.size(-1), n = weight.size(0);
    float *out_data = out.mutable_data_ptr<float>();
    if (bias) {
        const float *bias_data = bias->const_data_ptr<float>();
        for (int64_t r = 0; r < m; r++) std::copy_n(bias_data, n, out_data + r * n);
    }
    multiply(rows.const_data_ptr<float>(), packed_weights().get(weight, keep), out_data, m, bias.has_value());
    return out;
}

struct Linear : torch::autograd::Function<Linear> {
    static Tensor forward(torch::autograd::AutogradContext *context, const Tensor &x, const Tensor &weight,
                          const std::optional<Tensor> &bias) {
        context->save_for_backward({x, weight});
        context->saved_data["bias"] = bias.has_value();
        return ::forward(x, weight, bias, false);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        const Tensor &x = saved[0], &weight = saved[1];
        int64_t n = weight.size(0), k = weight.size(1);
        Tensor dy = gradients[0].contiguous().view({-1, n});
        Tensor dx, dweight, dbias;
        if (context->needs_input_grad(0)) {
            dx = at::empty(x.sizes(), x.options());
            Panels panels = pack(weight.const_data_ptr<float>(), n, k, k, 1);
            multiply(dy.const_data_ptr<float>(), panels, dx.mutable_data_ptr<float>(), dy.size(0), false);
        }
        if (context->needs_input_grad(1)) dweight = weight_gradient(dy, x.contiguous().view({-1, k}));
        if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) dbias = at::sum(dy, {0});
        return {dx, dweight, dbias};
    }
};

bool plain(const Tensor &tensor) {
    return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat;
}

/// Whether our kernels may stand in for libtorch's: where they are fast, and for what they compute.
bool applies(const Tensor &x, const Tensor &weight, const std::optional<Tensor> &bias) {
    return ctorch_linear_is_rowwise() && plain(x) && plain(weight) && weight.dim() == 2 && weight.is_contiguous() &&
           x.dim() > 0 && x.size(-1) == weight.size(1) && x.numel() > 0 && weight.numel() > 0 && !weight.is_inference() &&
           (!bias || (plain(*bias) && bias->is_contiguous() && bias->dim() == 1 && bias->size(0) == weight.size(0)));
}

}  // namespace

bool ctorch_linear_is_rowwise(void) {
    static const bool fast = at::get_cpu_capability() == "AVX512";
    return fast;
}

ctorch_tensor ctorch_linear(ctorch_tensor x_handle, ctorch_tensor weight_handle, ctorch_tensor bias_handle) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        Tensor x = ctorch::borrowed(x_handle), weight = ctorch::borrowed(weight_handle);
        auto bias = bias_handle ? std::optional<Tensor>(ctorch::borrowed(bias_handle)) : std::nullopt;
        if (!applies(x, weight, bias)) return ctorch::handle(at::linear(x, weight, bias));
        bool records = c10::GradMode::is_enabled() &&
                       (x.requires_grad() || weight.requires_grad() || (bias && bias->requires_grad()));
        if (!records) return ctorch::handle(forward(x, weight, bias, true));
        return ctorch::handle(Linear::apply(x, weight, bias));
    });
}
