// The next token of every row: what a sampler does between a step's logits and its tokens, a row at a time and in one
// fixed order of sums, so that a row's bits never depend on its neighbours.
#include "boundary.h"
#include "elementwise.h"

#include <ATen/Parallel.h>

#include <bit>
#include <limits>
#include <numeric>
#include <vector>

namespace {

using ctorch::exponential;

constexpr int64_t LANES = 16, BLOCK = 512;
constexpr float LOWEST = -std::numeric_limits<float>::infinity();

/// What may be drawn: values in the order of tokens; all tokens if `tokens` is null.
struct Candidates {
    const float *values;
    const int32_t *tokens;
    int64_t count;

    int32_t token(int64_t i) const { return tokens ? tokens[i] : static_cast<int32_t>(i); }
};

/// The greatest value; `*broken` is set where one of them is no number.
EVERY_PROCESSOR float greatest(const float *x, int64_t n, int32_t *broken) {
    float most[LANES];
    int32_t bad[LANES] = {};
    std::fill(most, most + LANES, LOWEST);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int64_t l = 0; l < LANES; l++) {
            most[l] = x[i + l] > most[l] ? x[i + l] : most[l];
            bad[l] |= x[i + l] != x[i + l];
        }
    }
    for (int64_t l = 0; i < n; i++, l++) {
        most[l] = x[i] > most[l] ? x[i] : most[l];
        bad[l] |= x[i] != x[i];
    }
    for (int64_t l = 0; l < LANES; l++) *broken |= bad[l];
    return *std::max_element(most, most + LANES);
}

/// Σ e^((x - top) · scale), lane by lane; e^-87 and less count as nothing. Written to `weights` too, where there are.
EVERY_PROCESSOR float add_up(const float *x, int64_t n, float top, float scale, float *weights) {
    float sums[LANES] = {};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        float w[LANES];
        for (int64_t l = 0; l < LANES; l++) {
            float d = (x[i + l] - top) * scale;
            w[l] = d < -87.0f ? 0.0f : exponential(d);
            sums[l] += w[l];
        }
        if (weights) std::copy(w, w + LANES, weights + i);
    }
    for (int64_t l = 0; i < n; i++, l++) {
        float d = (x[i] - top) * scale;
        float w = d < -87.0f ? 0.0f : exponential(d);
        sums[l] += w;
        if (weights) weights[i] = w;
    }
    for (int64_t half = LANES / 2; half > 0; half /= 2) {
        for (int64_t l = 0; l < half; l++) sums[l] += sums[l + half];
    }
    return sums[0];
}

/// The greatest value and log Σ e^x, in one pass over memory: a block's sum is of its own top, or that so far.
struct LogSum {
    float top = LOWEST;
    double log_sum;

    LogSum(const float *x, int64_t n) {
        int32_t broken = 0;
        double total = 0;
        for (int64_t start = 0; start < n; start += BLOCK) {
            int64_t count = std::min(BLOCK, n - start);
            float most = greatest(x + start, count, &broken);
            if (most > top) {
                total *= std::exp(static_cast<double>(top) - most);
                top = most;
            }
            if (top > LOWEST) total += add_up(x + start, count, top, 1, nullptr);
        }
        bool is_number = !broken && std::isfinite(top);
        log_sum = is_number ? top + std::log(total) : std::numeric_limits<double>::quiet_NaN();
    }
};

/// A drawn position among candidates, and the logarithm of its share of what was drawn from.
struct Draw {
    int64_t position;
    double log_share;
};

/// In the order of tokens: a block is found by its sum, then the token in it.
Draw draw_in_order(const Candidates &from, float top, float scale, float uniform) {
    std::vector<double> sums;
    for (int64_t start = 0; start < from.count; start += BLOCK) {
        sums.push_back(add_up(from.values + start, std::min(BLOCK, from.count - start), top, scale, nullptr));
    }
    double total = std::accumulate(sums.begin(), sums.end(), 0.0), target = uniform * total, reached = 0;
    size_t block = 0;
    while (block + 1 < sums.size() && reached + sums[block] < target) reached += sums[block++];
    int64_t start = static_cast<int64_t>(block) * BLOCK, last = start;
    float weights[BLOCK], last_weight = 0;
    int64_t count = std::min(BLOCK, from.count - start);
    add_up(from.values + start, count, top, scale, weights);
    for (int64_t i = 0; i < count; i++) {
        if (weights[i] == 0) continue;
        last = start + i;
        last_weight = weights[i];
        reached += weights[i];
        if (reached >= target) break;
    }
    return {last, std::log(last_weight / total)};
}

/// Positions of the k greatest values in falling order; of equals, the first ones.
std::vector<int64_t> greatest_positions(const Candidates &from, int64_t k) {
    auto precedes = [&](int64_t a, int64_t b) {
        return from.values[a] != from.values[b] ? from.values[a] > from.values[b] : a < b;
    };
    std::vector<int64_t> kept;
    size_t capacity = static_cast<size_t>(std::max<int64_t>(2 * k, 256));
    float least = LOWEST;  // what comes later must pass it
    auto shorten = [&] {
        if (kept.size() <= static_cast<size_t>(k)) return;
        std::nth_element(kept.begin(), kept.begin() + (k - 1), kept.end(), precedes);
        kept.resize(static_cast<size_t>(k));
        least = from.values[kept.back()];
    };
    for (int64_t start = 0; start < from.count; start += 64) {
        int64_t end = std::min(from.count, start + 64);
        int32_t broken = 0;
        if (greatest(from.values + start, end - start, &broken) <= least) continue;
        for (int64_t i = start; i < end; i++) {
            if (from.values[i] > least) kept.push_back(i);
        }
        if (kept.size() >= capacity) shorten();
    }
    shorten();
    std::sort(kept.begin(), kept.end(), precedes);
    return kept;
}

/// Of positions in falling order: those that together first reach the share `top_p`, and one of them.
Draw draw_among(const Candidates &from, const std::vector<int64_t> &falling, float top, float scale, float top_p,
                float uniform) {
    std::vector<double> reached;
    double total = 0;
    for (int64_t position : falling) {
        total += add_up(from.values + position, 1, top, scale, nullptr);
        reached.push_back(total);
    }
    size_t kept = falling.size();
    if (top_p < 1) {
        kept = 1;
        while (kept < falling.size() && reached[kept - 1] < top_p * total) kept++;
    }
    double target = uniform * reached[kept - 1];
    size_t at = 0;
    while (at + 1 < kept && reached[at] < target) at++;
    double weight = reached[at] - (at > 0 ? reached[at - 1] : 0);
    return {falling[at], std::log(weight / reached[kept - 1])};
}

/// The same without a sort of all: values fall into narrow bands, and only the bands in question are sorted.
class Bands {
    static constexpr int64_t PER_UNIT = 64, COUNT = 88 * PER_UNIT;

    const Candidates &from;
    std::vector<float> weights;
    std::vector<int32_t> bands;
    std::vector<double> sums;

    std::vector<int64_t> falling(int32_t band) const {
        std::vector<int64_t> members;
        for (int64_t i = 0; i < from.count; i++) {
            if (bands[i] == band) members.push_back(i);
        }
        std::sort(members.begin(), members.end(), [&](int64_t a, int64_t b) {
            return from.values[a] != from.values[b] ? from.values[a] > from.values[b] : a < b;
        });
        return members;
    }

    /// The first token with which the sum reaches `target`, and that sum.
    std::pair<int64_t, double> find(double target) const {
        double reached = 0;
        size_t band = 0;
        while (band + 1 < sums.size() && reached + sums[band] < target) reached += sums[band++];
        int64_t position = 0;
        for (int64_t member : falling(static_cast<int32_t>(band))) {
            if (weights[member] == 0) continue;
            position = member;
            reached += weights[member];
            if (reached >= target) break;
        }
        return {position, reached};
    }

public:
    Bands(const Candidates &from, float top, float scale)
        : from(from), weights(from.count), bands(from.count), sums(COUNT) {
        add_up(from.values, from.count, top, scale, weights.data());
        for (int64_t i = 0; i < from.count; i++) {
            float below = std::min((top - from.values[i]) * scale, 87.5f) * PER_UNIT;
            bands[i] = static_cast<int32_t>(below);
            sums[bands[i]] += weights[i];
        }
        while (sums.back() == 0) sums.pop_back();
    }

    Draw draw(float top_p, float uniform) const {
        double kept = find(top_p * std::accumulate(sums.begin(), sums.end(), 0.0)).second;
        int64_t position = find(uniform * kept).first;
        return {position, std::log(weights[position] / kept)};
    }
};

/// Buffers of one thread.
struct Scratch {
    std::vector<float> row, values;
    std::vector<int32_t> tokens;
};

void adjust(float *row, int64_t vocabulary, const ctorch_logit_adjustment *adjustments, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        const auto &a = adjustments[i];
        if (a.token < 0 || a.token >= vocabulary) continue;
        float x = row[a.token] + a.bias;
        row[a.token] = (x > 0 ? x / a.repetition : x * a.repetition) - a.penalty;
    }
}

/// Only the tokens whose bits are set.
Candidates allowed(const float *row, int64_t vocabulary, const uint64_t *mask, Scratch &scratch) {
    scratch.values.clear();
    scratch.tokens.clear();
    for (int64_t word = 0; word * 64 < vocabulary; word++) {
        for (uint64_t bits = mask[word]; bits; bits &= bits - 1) {
            int64_t token = word * 64 + std::countr_zero(bits);
            if (token >= vocabulary) break;
            scratch.values.push_back(row[token]);
            scratch.tokens.push_back(static_cast<int32_t>(token));
        }
    }
    return {scratch.values.data(), scratch.tokens.data(), static_cast<int64_t>(scratch.values.size())};
}

/// Without those whose probability is below a share of the likeliest's.
Candidates likely(const Candidates &from, float least, std::vector<float> &values, std::vector<int32_t> &tokens) {
    values.clear();
    tokens.clear();
    for (int64_t i = 0; i < from.count; i++) {
        if (from.values[i] < least) continue;
        values.push_back(from.values[i]);
        tokens.push_back(from.token(i));
    }
    return {values.data(), tokens.data(), static_cast<int64_t>(values.size())};
}

int32_t draw(const Candidates &all, float top, ctorch_pick_row &pick) {
    float scale = 1 / pick.temperature;
    std::vector<float> values;
    std::vector<int32_t> tokens;
    Candidates from = all;
    if (pick.min_p > 0) from = likely(all, top + pick.temperature * std::log(pick.min_p), values, tokens);
    Draw drawn;
    if (pick.top_k > 0 && pick.top_k < from.count) {
        drawn = draw_among(from, greatest_positions(from, pick.top_k), top, scale, pick.top_p, pick.uniform);
    } else if (pick.top_p < 1 || pick.top_k > 0) {
        drawn = Bands(from, top, scale).draw(pick.top_p, pick.uniform);
    } else {
        drawn = draw_in_order(from, top, scale, pick.uniform);
    }
    pick.picked_log_prob = static_cast<float>(drawn.log_share);
    return from.token(drawn.position);
}

void pick_token(const float *logits, int64_t vocabulary, ctorch_pick_row &pick,
                const ctorch_logit_adjustment *adjustments, const uint64_t *masks, Scratch &scratch) {
    LogSum raw(logits, vocabulary), processed = raw;
    const float *row = logits;
    if (pick.adjustment_count > 0) {
        scratch.row.assign(logits, logits + vocabulary);
        adjust(scratch.row.data(), vocabulary, adjustments + pick.first_adjustment, pick.adjustment_count);
        row = scratch.row.data();
    }
    Candidates from{row, nullptr, vocabulary};
    if (pick.mask >= 0) from = allowed(row, vocabulary, masks + pick.mask * ((vocabulary + 63) / 64), scratch);
    if (from.values != logits) processed = LogSum(from.values, from.count);
    bool is_broken = std::isnan(raw.log_sum) || std::isnan(processed.log_sum);
    if (is_broken || pick.temperature == 0) {
        const float *found = std::find(from.values, from.values + from.count, processed.top);
        int64_t position = found - from.values;
        pick.token = position < from.count ? from.token(position) : 0;
        pick.picked_log_prob = static_cast<float>(processed.top - processed.log_sum);
    } else {
        pick.token = draw(from, processed.top, pick);
    }
    pick.log_prob = static_cast<float>(logits[pick.token] - raw.log_sum);
    if (is_broken) pick.log_prob = pick.picked_log_prob = std::numeric_limits<float>::quiet_NaN();
}

}  // namespace

bool ctorch_pick(ctorch_tensor logits_handle, ctorch_pick_row *rows, const ctorch_logit_adjustment *adjustments,
                 const uint64_t *masks) {
    return ctorch::guarded(false, [&] {
        at::Tensor logits = ctorch::borrowed(logits_handle).contiguous();
        if (logits.dim() != 2 || logits.scalar_type() != at::kFloat || !logits.device().is_cpu()) {
            throw std::invalid_argument("logits are [rows, vocabulary], float32, on the CPU");
        }
        int64_t vocabulary = logits.size(1), grain = std::max<int64_t>(1, (1 << 14) / vocabulary);
        const auto *values = logits.const_data_ptr<float>();
        at::parallel_for(0, logits.size(0), grain, [&](int64_t begin, int64_t end) {
            Scratch scratch;
            for (int64_t r = begin; r < end; r++) {
                pick_token(values + r * vocabulary, vocabulary, rows[r], adjustments, masks, scratch);
            }
        });
        return true;
    });
}
