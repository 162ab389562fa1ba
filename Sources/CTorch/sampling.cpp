// Picking the next token of every row. A row's pick depends on its own logits and draw alone.
#include "boundary.h"
#include "softmax.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace {

using ctorch::LANES;
using ctorch::Lanes;
using ctorch::lanes;

constexpr int64_t CHUNK = 256;  // weights that are added up before the draw looks into them

// What holds lanes is no function of a processor's own: how it would be called depends on the processor.

INLINE float largest_in(const float *row, int64_t size) {
    Lanes tops = -INFINITY - Lanes{};
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) tops = ctorch::larger(tops, lanes(row + i));
    float top = ctorch::largest_of(tops);
    for (; i < size; i++) top = std::max(top, row[i]);
    return top;
}

/// e^((x - top) · factor), and their sum.
INLINE float weigh_part(const float *row, int64_t size, float top, float factor, float *weights) {
    Lanes parts = {};
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) {
        Lanes weight = ctorch::sound_exponential((lanes(row + i) - top) * factor);
        lanes(weights + i) = weight;
        parts += weight;
    }
    float sum = ctorch::sum_of(parts);
    for (; i < size; i++) sum += weights[i] = ctorch::sound_exponential((row[i] - top) * factor);
    return sum;
}

EVERY_PROCESSOR
float largest(const float *row, int64_t size) { return largest_in(row, size); }

/// e^((x - top) · factor), and the sum of every chunk.
EVERY_PROCESSOR
void weigh(const float *row, int64_t size, float top, float factor, float *weights, float *sums) {
    for (int64_t i = 0; i < size; i += CHUNK) {
        sums[i / CHUNK] = weigh_part(row + i, std::min(CHUNK, size - i), top, factor, weights + i);
    }
}

struct Scratch {
    std::vector<float> adjusted, weights, sums;
    std::vector<int32_t> order;

    explicit Scratch(int64_t size) : weights(size), sums((size + CHUNK - 1) / CHUNK) {}

    float weigh(const float *row, float top, float factor) {
        ::weigh(row, static_cast<int64_t>(weights.size()), top, factor, weights.data(), sums.data());
        return std::accumulate(sums.begin(), sums.end(), 0.0f);
    }
};

/// The first token where the cumulative weight reaches `target`; one of positive weight.
int32_t draw_from_all(const Scratch &scratch, float target) {
    auto size = static_cast<int64_t>(scratch.weights.size()), chunk = int64_t{0};
    float before = 0;
    while (chunk + 1 < static_cast<int64_t>(scratch.sums.size()) && before + scratch.sums[chunk] < target) {
        before += scratch.sums[chunk++];
    }
    int32_t last = 0;
    for (int64_t i = chunk * CHUNK; i < std::min(size, (chunk + 1) * CHUNK); i++) {
        if (scratch.weights[i] <= 0) continue;
        last = static_cast<int32_t>(i);
        before += scratch.weights[i];
        if (before >= target) break;
    }
    return last;
}

/// The likeliest tokens within the limits, falling; of equal ones the first in the vocabulary comes first.
void take_likeliest(Scratch &scratch, const ctorch_draw &draw, float total, std::vector<int32_t> &taken, float &kept) {
    const auto &weights = scratch.weights;
    auto lower = [&](int32_t a, int32_t b) { return weights[a] != weights[b] ? weights[a] < weights[b] : a > b; };
    scratch.order.resize(weights.size());
    std::iota(scratch.order.begin(), scratch.order.end(), 0);
    std::make_heap(scratch.order.begin(), scratch.order.end(), lower);
    size_t most = draw.top_k > 0 ? draw.top_k : weights.size();
    kept = 0;
    for (auto end = scratch.order.end(); end != scratch.order.begin() && taken.size() < most; end--) {
        if (draw.top_p < 1 && kept >= draw.top_p * total) break;
        std::pop_heap(scratch.order.begin(), end, lower);
        int32_t token = *(end - 1);
        if (!taken.empty() && weights[token] < draw.min_p) break;
        taken.push_back(token);
        kept += weights[token];
    }
}

/// The logits that a draw sees.
const float *adjust(const float *row, int64_t size, const ctorch_adjustment *adjustments, int32_t count,
                    Scratch &scratch) {
    if (count == 0) return row;
    scratch.adjusted.assign(row, row + size);
    for (int32_t i = 0; i < count; i++) {
        const ctorch_adjustment &change = adjustments[i];
        if (change.token < 0 || change.token >= size) continue;
        float &logit = scratch.adjusted[change.token];
        logit = (logit > 0 ? logit / change.divisor : logit * change.divisor) + change.amount;
    }
    return scratch.adjusted.data();
}

ctorch_pick pick(const float *raw, int64_t size, const ctorch_draw &draw, const ctorch_adjustment *adjustments,
                 Scratch &scratch) {
    float top = largest(raw, size);
    ctorch_pick found{};
    float total = scratch.weigh(raw, top, 1), log_sum = top + std::log(total);
    if (std::isnan(log_sum)) return {0, log_sum, log_sum};
    const float *row = adjust(raw, size, adjustments, draw.adjustment_count, scratch);
    if (row != raw) top = largest(row, size);
    if (draw.temperature == 0) {
        found.token = static_cast<int32_t>(std::find(row, row + size, top) - row);
        found.log_prob = raw[found.token] - log_sum;
        return found;
    }
    if (row != raw || draw.temperature != 1) total = scratch.weigh(row, top, 1 / draw.temperature);
    bool cuts = draw.top_k > 0 || draw.top_p < 1 || draw.min_p > 0;
    if (!cuts) {
        found.token = draw_from_all(scratch, draw.uniform * total);
    } else {
        std::vector<int32_t> taken;
        take_likeliest(scratch, draw, total, taken, total);
        float before = 0;
        for (int32_t token : taken) {
            found.token = token;
            before += scratch.weights[token];
            if (before >= draw.uniform * total) break;
        }
    }
    found.log_prob = raw[found.token] - log_sum;
    found.drawn_log_prob = std::log(scratch.weights[found.token] / total);
    return found;
}

}  // namespace

bool ctorch_pick_tokens(ctorch_tensor logits, const ctorch_draw *draws, const ctorch_adjustment *adjustments,
                        ctorch_pick *picks) {
    return ctorch::guarded(false, [&] {
        at::Tensor rows = ctorch::borrowed(logits).contiguous();
        if (rows.dim() != 2 || rows.scalar_type() != at::kFloat || !rows.device().is_cpu() || rows.size(1) == 0) {
            throw std::invalid_argument("tokens are picked from float32 logits on the CPU, [rows, vocabulary]");
        }
        int64_t size = rows.size(1);
        const float *data = rows.const_data_ptr<float>();
        std::vector<int64_t> firsts{0};  // adjustment of every row
        for (int64_t r = 0; r < rows.size(0); r++) firsts.push_back(firsts.back() + draws[r].adjustment_count);
        at::parallel_for(0, rows.size(0), std::max<int64_t>(1, (1 << 18) / size), [&](int64_t begin, int64_t end) {
            Scratch scratch(size);
            for (int64_t r = begin; r < end; r++) {
                picks[r] = pick(data + r * size, size, draws[r], adjustments + firsts[r], scratch);
            }
        });
        return true;
    });
}
