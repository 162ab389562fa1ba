// Scales of weights in whole numbers, and the whole numbers by them.
#include "boundary.h"
#include "lanes.h"
#include "parallel.h"


#include <cmath>
#include <limits>
#include <stdexcept>

namespace {

using ctorch::Lanes;
using ctorch::LANES;

constexpr int CANDIDATES = 21;
constexpr float SMALLEST = 1e-30f;

/// Rounded to 16 bits, so that files keep scales in two bytes.
float rounded(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE float greatest_magnitude(const float *x, int64_t size) {
    Lanes tops = {}, faults = {};
    for (int64_t i = 0; i < size; i += LANES) {
        Lanes values = ctorch::some_lanes(x + i, size - i, 0);
        tops = ctorch::larger(__builtin_elementwise_abs(values), tops);
        faults += values - values;
    }
    // What is no number leaves a scale that is none.
    return std::max(ctorch::largest_of(tops), SMALLEST) + ctorch::sum_of(faults);
}

INLINE float squared_error(const float *x, const float *importance, int64_t size, float scale, float limit) {
    Lanes sums = {};
    float inverse = 1 / scale;
    for (int64_t i = 0; i < size; i += LANES) {
        Lanes values = ctorch::some_lanes(x + i, size - i, 0);
        Lanes whole = __builtin_elementwise_nearbyint(values * inverse);
        whole = ctorch::smaller(Lanes{} + limit, ctorch::larger(Lanes{} - limit, whole));
        Lanes error = whole * scale - values;
        sums += importance ? error * error * ctorch::some_lanes(importance + i, size - i, 0) : error * error;
    }
    return ctorch::sum_of(sums);
}

INLINE float nearest_scale(const float *x, const float *importance, int64_t size, float limit) {
    float greatest = greatest_magnitude(x, size), least = std::numeric_limits<float>::infinity();
    float best = greatest / limit;
    if (std::isnan(greatest)) return greatest;
    for (int candidate = 0; candidate < CANDIDATES; candidate++) {
        float scale = rounded(greatest * static_cast<float>((1 - 0.025 * candidate) / limit));
        float error = squared_error(x, importance, size, scale, limit);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

/// Of rows of `inputs`, in groups of `width`.
EVERY_PROCESSOR
void find_scales(const float *weight, const float *importance, float *scales, int64_t rows, int64_t inputs,
                 int64_t width, float limit) {
    for (int64_t r = 0; r < rows; r++, weight += inputs) {
        for (int64_t begin = 0; begin < inputs; begin += width) {
            *scales++ = nearest_scale(weight + begin, importance ? importance + begin : nullptr,
                                      std::min(width, inputs - begin), limit);
        }
    }
}

EVERY_PROCESSOR
void round_rows(const float *weight, const float *scales, int8_t *values, int64_t rows, int64_t inputs, int64_t width,
                float limit) {
    for (int64_t r = 0; r < rows; r++, weight += inputs, values += inputs) {
        for (int64_t begin = 0; begin < inputs; begin += width) {
            float scale = *scales++;
            for (int64_t i = begin; i < std::min(inputs, begin + width); i++) {
                float whole = std::nearbyintf(weight[i] / scale);
                whole = whole < limit ? whole : limit;  // also what is no number
                values[i] = static_cast<int8_t>(whole > -limit ? whole : -limit);
            }
        }
    }
}

struct Groups {
    at::Tensor weight;
    int64_t rows, inputs, count;

    Groups(ctorch_tensor handle, int64_t width) : weight(ctorch::borrowed(handle).contiguous()) {
        if (weight.dim() != 2 || weight.scalar_type() != at::kFloat || !weight.device().is_cpu() || width < 1) {
            throw std::invalid_argument("a weight in whole numbers is made of [out, in] float32 on the CPU");
        }
        rows = weight.size(0);
        inputs = weight.size(1);
        count = (inputs + width - 1) / width;
    }

    /// In parallel; `body(begin, end)` of rows.
    template <typename Body> void over_rows(Body body) const {
        ctorch::parallel_for(0, rows, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, inputs)), body);
    }
};

}  // namespace

bool ctorch_find_scales(ctorch_tensor weight, ctorch_tensor importance_handle, int64_t width, int32_t limit,
                        ctorch_tensor scales_handle) {
    return ctorch::guarded(false, [&] {
        Groups groups(weight, width);
        at::Tensor scales = ctorch::borrowed(scales_handle), importance;
        const float *by_input = nullptr;
        if (importance_handle) {
            importance = ctorch::borrowed(importance_handle).to(at::kFloat).contiguous();
            TORCH_CHECK(importance.numel() == groups.inputs, "importance of ", importance.sizes(), " inputs");
            by_input = importance.const_data_ptr<float>();
        }
        TORCH_CHECK(scales.is_contiguous() && scales.numel() == groups.rows * groups.count, "room for scales");
        const float *in = groups.weight.const_data_ptr<float>();
        float *out = scales.mutable_data_ptr<float>();
        groups.over_rows([&](int64_t begin, int64_t end) {
            find_scales(in + begin * groups.inputs, by_input, out + begin * groups.count, end - begin, groups.inputs,
                        width, static_cast<float>(limit));
        });
        return true;
    });
}

bool ctorch_round_by_scales(ctorch_tensor weight, ctorch_tensor scales_handle, int64_t width, int32_t limit,
                            ctorch_tensor values_handle) {
    return ctorch::guarded(false, [&] {
        Groups groups(weight, width);
        at::Tensor scales = ctorch::borrowed(scales_handle).contiguous(), values = ctorch::borrowed(values_handle);
        TORCH_CHECK(scales.scalar_type() == at::kFloat && scales.numel() == groups.rows * groups.count,
                    "scales of shape ", scales.sizes(), " for a weight of shape ", groups.weight.sizes());
        TORCH_CHECK(values.is_contiguous() && values.sizes() == groups.weight.sizes(), "room for values");
        const float *in = groups.weight.const_data_ptr<float>(), *by = scales.const_data_ptr<float>();
        int8_t *out = values.mutable_data_ptr<int8_t>();
        groups.over_rows([&](int64_t begin, int64_t end) {
            round_rows(in + begin * groups.inputs, by + begin * groups.count, out + begin * groups.inputs, end - begin,
                       groups.inputs, width, static_cast<float>(limit));
        });
        return true;
    });
}
