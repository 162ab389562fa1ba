// Some rows of a matrix. libtorch's own backward pass of this adds row by row by an operator each.
#include "boundary.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct TakeRows : torch::autograd::Function<TakeRows> {
    static Tensor forward(AutogradContext *context, const Tensor &x_in, const Tensor &places_in) {
        Tensor x = x_in.contiguous(), places = places_in.contiguous();
        int64_t count = places.numel(), size = x.size(1);
        Tensor out = at::empty({count, size}, x.options());
        const int64_t *place = places.const_data_ptr<int64_t>();
        for (int64_t i = 0; i < count; i++) {
            TORCH_CHECK_INDEX(place[i] >= 0 && place[i] < x.size(0), "row ", place[i], " of ", x.size(0));
            std::copy_n(x.const_data_ptr<float>() + place[i] * size, size, out.mutable_data_ptr<float>() + i * size);
        }
        if (context) {
            context->save_for_backward({places});
            context->saved_data["rows"] = x.size(0);
        }
        return out;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        Tensor places = context->get_saved_variables()[0], dout = gradients[0].contiguous();
        int64_t count = places.numel(), size = dout.size(1);
        Tensor dx = at::zeros({context->saved_data["rows"].toInt(), size});
        const int64_t *place = places.const_data_ptr<int64_t>();
        for (int64_t i = 0; i < count; i++) {
            float *to = dx.mutable_data_ptr<float>() + place[i] * size;
            const float *from = dout.const_data_ptr<float>() + i * size;
            for (int64_t c = 0; c < size; c++) to[c] += from[c];
        }
        return {dx, Tensor()};
    }
};

}  // namespace

ctorch_tensor ctorch_take_rows(ctorch_tensor x_handle, ctorch_tensor places_handle) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        Tensor x = ctorch::borrowed(x_handle), places = ctorch::borrowed(places_handle);
        TORCH_CHECK(x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 2 &&
                        places.scalar_type() == at::kLong && places.dim() == 1,
                    "take_rows of shape ", x.sizes(), " at places of shape ", places.sizes());
        return ctorch::handle(c10::GradMode::is_enabled() ? TakeRows::apply(x, places)
                                                          : TakeRows::forward(nullptr, x, places));
    });
}
