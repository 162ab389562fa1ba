#include "attention_branches.h"

#include "columns.h"

namespace ctorch {
namespace {

constexpr int64_t BLOCK = Row::BLOCK;

/// Rows of all heads of a group for tokens `begin` to `end` of a sequence, whose keys are counted from `base` on.
struct Rows {
    const Line &line;
    const Branch &branch;
    int64_t sequence, kv;
    std::vector<Row> rows = {};

    template <typename Range>  // (position) -> first and count of the keys that it sees
    void fill(int64_t begin, int64_t end, Range range) {
        const Heads &heads = line.sight.heads;
        rows.clear();
        for (int64_t t = begin; t < end; t++) {
            auto [first, count] = range(t);
            int64_t token = line.sequences.offsets[sequence] + t;
            for (int64_t h = kv * heads.group(); h < (kv + 1) * heads.group(); h++) {
                int64_t place = token * heads.query + h;
                Row row{line.query(token, h), branch.out + place * heads.size, nullptr, count};
                row.first = first;
                if (branch.log_sums) row.log_sum = branch.log_sums + place;
                if (branch.gradient) row.gradient = branch.gradient + place * heads.size;
                rows.push_back(row);
            }
        }
    }

    int64_t count() const { return static_cast<int64_t>(rows.size()); }

    /// Lets queries' gradients be written to `scratch`, from which `add_gradients` adds them up.
    void collect_gradients(float *scratch) {
        for (auto &row : rows) row.query_gradient = scratch, scratch += line.sight.heads.size;
    }

    void add_gradients(float *tokens) const {
        for (const auto &row : rows) {
            float *to = tokens + (row.query - line.tokens);
            for (int64_t d = 0; d < line.sight.heads.size; d++) to[d] += row.query_gradient[d];
        }
    }
};

/// Tokens whose rows are computed in one go.
constexpr int64_t CHUNK = 64;

/// A window's keys are turned into columns once for so many tokens.
int64_t window_chunk(const Sight &sight) { return std::max(CHUNK, padded(sight.window)); }
int64_t window_stride(const Sight &sight) { return column_stride(window_chunk(sight) + sight.window + LANES); }

int64_t blocks_stride(const Line &line) {
    int64_t longest = line.sequences.longest();
    return column_stride(std::max(LANES, line.sight.blocks_before(longest - 1)));
}

/// Walks along a sequence: `body(begin, end, base)`, keys from `base` on being what the tokens' windows hold.
template <typename Body>
void over_windows(const Sight &sight, int64_t length, Body body) {
    int64_t step = window_chunk(sight);
    for (int64_t begin = 0; begin < length; begin += step) {
        body(begin, std::min(length, begin + step), sight.first_in_window(begin) / LANES * LANES);
    }
}

/// Walks along the tokens of a sequence that see any block.
template <typename Body>
void over_chunks(const Sight &sight, int64_t length, Body body) {
    for (int64_t begin = sight.window; begin < length; begin += CHUNK) body(begin, std::min(length, begin + CHUNK));
}

/// Sets the rows of those that see no block, one head after another, to zero.
void clear_blind(const Line &line, const Branch &branch, int64_t s, int64_t kv) {
    const Heads &heads = line.sight.heads;
    for (int64_t t = 0; t < std::min(line.sight.window, line.sequences.length(s)); t++) {
        int64_t place = (line.sequences.offsets[s] + t) * heads.query + kv * heads.group();
        std::fill_n(branch.out + place * heads.size, heads.group() * heads.size, 0.0f);
    }
}

/// Where a head's keys of a sequence begin, and its values.
struct Place {
    int64_t key, value;

    Place(const Line &line, int64_t s, int64_t kv) {
        const Heads &heads = line.sight.heads;
        key = line.sequences.offsets[s] * heads.width() + (heads.query + kv) * heads.size;
        value = key + heads.key * heads.size;
    }
};

}  // namespace

void attend_window(const Line &line, const Branch &branch) {
    const Sight &sight = line.sight;
    int64_t stride = window_stride(sight), size = sight.heads.size, width = sight.heads.width();
    over_heads(line.sequences, sight.heads, (size + BLOCK) * stride, [&](int64_t s, int64_t kv, float *scratch) {
        Place place(line, s, kv);
        Rows rows{line, branch, s, kv};
        float *columns = scratch + BLOCK * stride;
        over_windows(sight, line.sequences.length(s), [&](int64_t begin, int64_t end, int64_t base) {
            turn_into_columns(line.tokens + place.key + base * width, width, end - base, size, columns, stride);
            rows.fill(begin, end, [&](int64_t t) {
                return std::pair(sight.first_in_window(t) - base, t + 1 - base);
            });
            attend(rows.rows.data(), rows.count(), columns, stride, line.tokens + place.value + base * width, width,
                   size, sight.heads.scale(), scratch, stride);
        });
    });
}

void differentiate_window(const Line &line, const Branch &branch, const LineGradient &gradient) {
    const Sight &sight = line.sight;
    int64_t stride = window_stride(sight), size = sight.heads.size, width = sight.heads.width();
    int64_t collected = window_chunk(sight) * sight.heads.group() * size;
    int64_t scratch_size = (2 * size + 2 * BLOCK) * stride + collected;
    over_heads(line.sequences, sight.heads, scratch_size, [&](int64_t s, int64_t kv, float *scratch) {
        Place place(line, s, kv);
        Rows rows{line, branch, s, kv};
        float *key_columns = scratch + 2 * BLOCK * stride, *value_columns = key_columns + size * stride;
        over_windows(sight, line.sequences.length(s), [&](int64_t begin, int64_t end, int64_t base) {
            int64_t key = place.key + base * width, value = place.value + base * width;
            turn_into_columns(line.tokens + key, width, end - base, size, key_columns, stride);
            turn_into_columns(line.tokens + value, width, end - base, size, value_columns, stride);
            rows.fill(begin, end, [&](int64_t t) {
                return std::pair(sight.first_in_window(t) - base, t + 1 - base);
            });
            rows.collect_gradients(value_columns + size * stride);
            differentiate(rows.rows.data(), rows.count(), key_columns, value_columns, stride, line.tokens + key,
                          gradient.tokens + key, gradient.tokens + value, width, size, sight.heads.scale(), scratch);
            rows.add_gradients(gradient.tokens);
        });
    });
}

void attend_blocks(const Line &line, const Branch &branch) {
    const Sight &sight = line.sight;
    int64_t stride = blocks_stride(line), size = sight.heads.size, step = sight.heads.key * size;
    over_heads(line.sequences, sight.heads, (size + BLOCK) * stride, [&](int64_t s, int64_t kv, float *scratch) {
        int64_t first = line.first_blocks[s] * step + kv * size, length = line.sequences.length(s);
        Rows rows{line, branch, s, kv};
        float *columns = scratch + BLOCK * stride;
        clear_blind(line, branch, s, kv);
        turn_into_columns(line.keys + first, step, sight.blocks_before(length - 1), size, columns, stride);
        over_chunks(sight, length, [&](int64_t begin, int64_t end) {
            rows.fill(begin, end, [&](int64_t t) { return std::pair<int64_t, int64_t>(0, sight.blocks_before(t)); });
            attend(rows.rows.data(), rows.count(), columns, stride, line.values + first, step, size,
                   sight.heads.scale(), scratch, stride);
        });
    });
}

void differentiate_blocks(const Line &line, const Branch &branch, const LineGradient &gradient) {
    const Sight &sight = line.sight;
    int64_t stride = blocks_stride(line), size = sight.heads.size, step = sight.heads.key * size;
    int64_t scratch_size = (2 * size + 2 * BLOCK) * stride + CHUNK * sight.heads.group() * size;
    over_heads(line.sequences, sight.heads, scratch_size, [&](int64_t s, int64_t kv, float *scratch) {
        int64_t first = line.first_blocks[s] * step + kv * size, length = line.sequences.length(s);
        int64_t count = sight.blocks_before(length - 1);
        Rows rows{line, branch, s, kv};
        float *key_columns = scratch + 2 * BLOCK * stride, *value_columns = key_columns + size * stride;
        turn_into_columns(line.keys + first, step, count, size, key_columns, stride);
        turn_into_columns(line.values + first, step, count, size, value_columns, stride);
        over_chunks(sight, length, [&](int64_t begin, int64_t end) {
            rows.fill(begin, end, [&](int64_t t) { return std::pair<int64_t, int64_t>(0, sight.blocks_before(t)); });
            rows.collect_gradients(value_columns + size * stride);
            differentiate(rows.rows.data(), rows.count(), key_columns, value_columns, stride, line.keys + first,
                          gradient.keys + first, gradient.values + first, step, size, sight.heads.scale(), scratch);
            rows.add_gradients(gradient.tokens);
        });
    });
}

void choose_blocks(const Row *queries, int64_t query_count, const float *key_columns, int64_t stride, int64_t size,
                   float scale, int64_t selected, int32_t *chosen, float *scratch) {
    share(queries, query_count, key_columns, stride, size, scale, scratch);
    int64_t count = queries[0].count;
    for (int64_t r = 1; r < query_count; r++) {
        for (int64_t j = 0; j < count; j++) scratch[j] += scratch[r * stride + j];
    }
    int64_t found = std::min(selected, count);
    for (int64_t i = 0; i < found; i++) {
        int64_t best = 0;
        for (int64_t j = 1; j < count; j++) best = scratch[j] > scratch[best] ? j : best;
        chosen[i] = static_cast<int32_t>(best);
        scratch[best] = -1;
    }
    std::sort(chosen, chosen + found);
    std::fill(chosen + found, chosen + selected, -1);
}

void Gathered::fill(const float *from_keys, const float *from_values, int64_t step, const int32_t *chosen,
                    int64_t selected, int64_t block) {
    count = 0;
    for (int64_t i = 0; i < selected && chosen[i] >= 0; i++) {
        for (int64_t token = chosen[i] * block; token < (chosen[i] + 1) * block; token++, count++) {
            std::copy_n(from_keys + token * step, size, keys + count * size);
            std::copy_n(from_values + token * step, size, values + count * size);
        }
    }
    turn_into_columns(keys, size, count, size, key_columns, stride);
}

void attend_selected(const Line &line, const Branch &branch, int32_t *chosen) {
    const Sight &sight = line.sight;
    int64_t stride = blocks_stride(line), size = sight.heads.size, step = sight.heads.key * size;
    int64_t room = sight.selected * sight.block, group = sight.heads.group(), width = sight.heads.width();
    int64_t scratch_size = (size + group) * stride + Gathered::room(room, size) + BLOCK * padded(room);
    over_heads(line.sequences, sight.heads, scratch_size, [&](int64_t s, int64_t kv, float *scratch) {
        int64_t length = line.sequences.length(s);
        Place place(line, s, kv);
        Rows rows{line, branch, s, kv};
        float *columns = scratch + group * stride;
        Gathered gathered(columns + size * stride, room, size);
        float *scores = gathered.key_columns + size * gathered.stride;
        clear_blind(line, branch, s, kv);
        turn_into_columns(line.keys + line.first_blocks[s] * step + kv * size, step, sight.blocks_before(length - 1),
                          size, columns, stride);
        for (int64_t t = 0; t < length; t++) {
            int32_t *own = chosen + ((line.sequences.offsets[s] + t) * sight.heads.key + kv) * sight.selected;
            std::fill_n(own, sight.selected, -1);
            if (t < sight.window) continue;
            rows.fill(t, t + 1, [&](int64_t) { return std::pair<int64_t, int64_t>(0, sight.blocks_before(t)); });
            for (auto &row : rows.rows) row.log_sum = nullptr;
            choose_blocks(rows.rows.data(), group, columns, stride, size, sight.heads.scale(), sight.selected, own,
                          scratch);
            gathered.fill(line.tokens + place.key, line.tokens + place.value, width, own, sight.selected, sight.block);
            rows.fill(t, t + 1, [&](int64_t) { return std::pair<int64_t, int64_t>(0, gathered.count); });
            attend(rows.rows.data(), group, gathered.key_columns, gathered.stride, gathered.values, size, size,
                   sight.heads.scale(), scores, gathered.stride);
        }
    });
}

void differentiate_selected(const Line &line, const Branch &branch, const int32_t *chosen,
                            const LineGradient &gradient) {
    const Sight &sight = line.sight;
    int64_t size = sight.heads.size, width = sight.heads.width(), group = sight.heads.group();
    int64_t room = sight.selected * sight.block, stride = padded(room);
    int64_t scratch_size = Gathered::room(room, size) + (3 * size + 2 * BLOCK) * stride + group * size;
    over_heads(line.sequences, sight.heads, scratch_size, [&](int64_t s, int64_t kv, float *scratch) {
        Place place(line, s, kv);
        Rows rows{line, branch, s, kv};
        Gathered gathered(scratch, room, size);
        float *value_columns = gathered.key_columns + size * stride, *dkeys = value_columns + size * stride;
        float *dvalues = dkeys + size * stride, *scores = dvalues + size * stride;
        for (int64_t t = sight.window; t < line.sequences.length(s); t++) {
            const int32_t *own = chosen + ((line.sequences.offsets[s] + t) * sight.heads.key + kv) * sight.selected;
            gathered.fill(line.tokens + place.key, line.tokens + place.value, width, own, sight.selected, sight.block);
            turn_into_columns(gathered.values, size, gathered.count, size, value_columns, stride);
            std::fill_n(dkeys, 2 * size * stride, 0.0f);
            rows.fill(t, t + 1, [&](int64_t) { return std::pair<int64_t, int64_t>(0, gathered.count); });
            rows.collect_gradients(scores + 2 * BLOCK * stride);
            differentiate(rows.rows.data(), group, gathered.key_columns, value_columns, stride, gathered.keys, dkeys,
                          dvalues, size, size, sight.heads.scale(), scores);
            rows.add_gradients(gradient.tokens);
            for (int64_t j = 0; j < gathered.count; j++) {
                int64_t token = own[j / sight.block] * sight.block + j % sight.block;
                float *to_key = gradient.tokens + place.key + token * width, *from = dkeys + j * size;
                float *to_value = gradient.tokens + place.value + token * width;
                for (int64_t d = 0; d < size; d++) to_key[d] += from[d];
                for (int64_t d = 0; d < size; d++) to_value[d] += from[d + size * stride];
            }
        }
    });
}

}  // namespace ctorch
