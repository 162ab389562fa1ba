// Picking the next token of every row. A row's pick depends on its own logits, draw and mask alone.
#include "allowed.h"
#include "boundary.h"
#include "distribution.h"
#include "parallel.h"


#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace {

constexpr int64_t CHUNK = ctorch::WEIGHT_CHUNK;
constexpr float SOUND_WEIGHT = 1e-6f;  // above it, no weight that counts has come near to the least float

/// Memory for the rows of one thread, each of at most `most` logits.
struct Scratch {
    std::vector<float> adjusted, weights, sums;
    std::vector<int32_t> order;
    int64_t size = 0;  // weights of the newest row

    explicit Scratch(int64_t most)
        : adjusted(most + ctorch::GATHER_SLACK), weights(most + ctorch::GATHER_SLACK),
          sums(ctorch::weight_chunks(most)) {}

    float weigh(const float *row, int64_t count, float top, float factor) {
        size = count;
        return ctorch::weigh(row, count, top, factor, weights.data(), sums.data());
    }

    /// Of a row's weights only those that a mask allows; gives their sum.
    float keep(const uint64_t *mask, int64_t count) {
        size = ctorch::gather_allowed(weights.data(), count, mask, adjusted.data());
        std::swap(weights, adjusted);
        return ctorch::add_up(weights.data(), size, sums.data());
    }
};

/// The first token where the cumulative weight reaches `target`; one of positive weight.
int32_t draw_from_all(const Scratch &scratch, float target) {
    int64_t size = scratch.size, chunk = 0;
    float before = 0;
    while ((chunk + 1) * CHUNK < size && before + scratch.sums[chunk] < target) before += scratch.sums[chunk++];
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
    scratch.order.resize(scratch.size);
    std::iota(scratch.order.begin(), scratch.order.end(), 0);
    std::make_heap(scratch.order.begin(), scratch.order.end(), lower);
    size_t most = draw.top_k > 0 ? draw.top_k : scratch.size;
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

/// Changes the logits of single tokens, where they are there.
void adjust(const ctorch_adjustment *adjustments, int32_t count, const uint64_t *mask, int64_t size, float *logits) {
    for (int32_t i = 0; i < count; i++) {
        const ctorch_adjustment &change = adjustments[i];
        int64_t place = change.token;
        if (mask) place = ctorch::allowed_place(mask, size, change.token);
        if (place < 0 || place >= size) continue;
        float &logit = logits[place];
        logit = (logit > 0 ? logit / change.divisor : logit * change.divisor) + change.amount;
    }
}

ctorch_pick pick(const float *raw, int64_t size, const ctorch_draw &draw, const ctorch_adjustment *adjustments,
                 const uint64_t *mask, Scratch &scratch) {
    float top = ctorch::largest(raw, size);
    ctorch_pick found{};
    float total = scratch.weigh(raw, size, top, 1), log_sum = top + std::log(total);
    if (std::isnan(log_sum)) return {0, log_sum, log_sum};
    bool cuts = draw.top_k > 0 || draw.top_p < 1 || draw.min_p > 0;
    if (mask && draw.temperature == 1 && draw.adjustment_count == 0 && !cuts) {
        // The weights are known already, and good where what is allowed is not all too unlikely.
        if (float kept = scratch.keep(mask, size); kept > SOUND_WEIGHT) {
            int32_t place = draw_from_all(scratch, draw.uniform * kept);
            found.token = ctorch::allowed_token(mask, place);
            return {found.token, raw[found.token] - log_sum, std::log(scratch.weights[place] / kept)};
        }
    }
    const float *row = raw;
    if (mask || draw.adjustment_count > 0) {
        float *logits = scratch.adjusted.data();
        int64_t count = mask ? ctorch::gather_allowed(raw, size, mask, logits) : size;
        if (count == 0) return {0, NAN, NAN};
        if (!mask) std::copy_n(raw, size, logits);
        adjust(adjustments, draw.adjustment_count, mask, size, logits);
        row = logits;
        size = count;
        top = ctorch::largest(row, size);
    }
    auto finish = [&] {
        if (mask) found.token = ctorch::allowed_token(mask, found.token);
        found.log_prob = raw[found.token] - log_sum;
        return found;
    };
    if (draw.temperature == 0) {
        found.token = static_cast<int32_t>(std::find(row, row + size, top) - row);
        return finish();
    }
    if (row != raw || draw.temperature != 1) total = scratch.weigh(row, size, top, 1 / draw.temperature);
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
    found.drawn_log_prob = std::log(scratch.weights[found.token] / total);
    return finish();
}

}  // namespace

bool ctorch_pick_tokens(ctorch_tensor logits, const ctorch_draw *draws, const ctorch_adjustment *adjustments,
                        const uint64_t *masks, ctorch_pick *picks) {
    return ctorch::guarded(false, [&] {
        at::Tensor rows = ctorch::borrowed(logits).contiguous();
        if (rows.dim() != 2 || rows.scalar_type() != at::kFloat || !rows.device().is_cpu() || rows.size(1) == 0) {
            throw std::invalid_argument("tokens are picked from float32 logits on the CPU, [rows, vocabulary]");
        }
        int64_t size = rows.size(1);
        const float *data = rows.const_data_ptr<float>();
        std::vector<int64_t> firsts{0}, words{0};  // adjustment of every row, and word of its mask
        for (int64_t r = 0; r < rows.size(0); r++) {
            firsts.push_back(firsts.back() + draws[r].adjustment_count);
            words.push_back(words.back() + (draws[r].is_masked ? (size + 63) / 64 : 0));
        }
        ctorch::parallel_for(0, rows.size(0), std::max<int64_t>(1, (1 << 18) / size), [&](int64_t begin, int64_t end) {
            Scratch scratch(size);
            for (int64_t r = begin; r < end; r++) {
                const uint64_t *mask = draws[r].is_masked ? masks + words[r] : nullptr;
                picks[r] = pick(data + r * size, size, draws[r], adjustments + firsts[r], mask, scratch);
            }
        });
        return true;
    });
}
