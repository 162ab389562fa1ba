#include "attention_windowed.h"

namespace ctorch {
namespace {

constexpr int64_t BLOCK = Row::BLOCK;

/// Keeps one token of one head.
void keep_token(const Line &line, const float *raw, const WindowCache &cache, int64_t token, int64_t position,
                int64_t row, int64_t kv) {
    const Heads &heads = line.sight.heads;
    int64_t size = heads.size, ring = cache.ring(), slot = position % ring;
    int64_t key = token * heads.width() + (heads.query + kv) * size, value = key + heads.key * size;
    float *columns = WindowCache::part(cache.ring_keys, row, kv);
    for (int64_t d = 0; d < size; d++) columns[d * ring + slot] = line.tokens[key + d];
    std::copy_n(line.tokens + value, size, WindowCache::part(cache.ring_values, row, kv) + slot * size);
    if (line.sight.block > 0) {
        int64_t place = position % line.sight.block * size;
        std::copy_n(raw + key, size, WindowCache::part(cache.open_keys, row, kv) + place);
        std::copy_n(raw + value, size, WindowCache::part(cache.open_values, row, kv) + place);
    }
    if (line.sight.selected > 0) {
        std::copy_n(line.tokens + key, size, WindowCache::part(cache.token_keys, row, kv) + position * size);
        std::copy_n(line.tokens + value, size, WindowCache::part(cache.token_values, row, kv) + position * size);
    }
}

/// The window's keys and values in the order of their positions, from a beginning of lanes on.
struct Unrolled {
    int64_t base, stride;
    float *columns, *values;

    Unrolled(const Sight &sight, const WindowCache &cache, int64_t position, int64_t row, int64_t kv, float *scratch)
        : base(sight.first_in_window(position) / LANES * LANES), stride(room(sight)), columns(scratch),
          values(scratch + stride * sight.heads.size) {
        int64_t size = sight.heads.size, ring = cache.ring();
        const float *ring_keys = WindowCache::part(cache.ring_keys, row, kv);
        const float *ring_values = WindowCache::part(cache.ring_values, row, kv);
        for (int64_t first = base; first <= position; first += LANES) {
            for (int64_t d = 0; d < size; d++) {
                std::copy_n(ring_keys + d * ring + first % ring, LANES, columns + d * stride + first - base);
            }
            std::copy_n(ring_values + first % ring * size, LANES * size, values + (first - base) * size);
        }
    }

    static int64_t room(const Sight &sight) { return padded(sight.window) + LANES; }
};

/// One token of one group of heads.
struct Token {
    const Line &line;
    const WindowCache &cache;
    int64_t token, position, row, kv;

    /// The group's queries over keys `first` to `count`.
    std::vector<Row> rows(float *out, int64_t first, int64_t count) const {
        const Heads &heads = line.sight.heads;
        std::vector<Row> rows;
        for (int64_t h = kv * heads.group(); h < (kv + 1) * heads.group(); h++) {
            Row row{line.query(token, h), out + (token * heads.query + h) * heads.size, nullptr, count};
            row.first = first;
            rows.push_back(row);
        }
        return rows;
    }

    void clear(float *out) const {
        const Heads &heads = line.sight.heads;
        std::fill_n(out + (token * heads.query + kv * heads.group()) * heads.size, heads.group() * heads.size, 0.0f);
    }

    void attend_window(float *out, float *scratch) const {
        const Sight &sight = line.sight;
        Unrolled keys(sight, cache, position, row, kv, scratch);
        auto group = rows(out, sight.first_in_window(position) - keys.base, position + 1 - keys.base);
        attend(group.data(), sight.heads.group(), keys.columns, keys.stride, keys.values, sight.heads.size,
               sight.heads.size, sight.heads.scale(), scratch + 2 * keys.stride * sight.heads.size, keys.stride);
    }

    void attend_blocks(float *out, float *scratch) const {
        const Sight &sight = line.sight;
        int64_t stride = cache.block_keys.size(3);
        auto group = rows(out, 0, sight.blocks_before(position));
        attend(group.data(), sight.heads.group(), WindowCache::part(cache.block_keys, row, kv), stride,
               WindowCache::part(cache.block_values, row, kv), sight.heads.size, sight.heads.size,
               sight.heads.scale(), scratch, stride);
    }

    void attend_selected(float *out, float *scratch) const {
        const Sight &sight = line.sight;
        int64_t size = sight.heads.size, room = sight.selected * sight.block, stride = cache.block_keys.size(3);
        std::vector<int32_t> chosen(sight.selected);
        auto group = rows(out, 0, sight.blocks_before(position));
        choose_blocks(group.data(), sight.heads.group(), WindowCache::part(cache.block_keys, row, kv), stride, size,
                      sight.heads.scale(), sight.selected, chosen.data(), scratch);
        Gathered gathered(scratch, room, size);
        gathered.fill(WindowCache::part(cache.token_keys, row, kv), WindowCache::part(cache.token_values, row, kv),
                      size, chosen.data(), sight.selected, sight.block);
        group = rows(out, 0, gathered.count);
        attend(group.data(), sight.heads.group(), gathered.key_columns, gathered.stride, gathered.values, size, size,
               sight.heads.scale(), scratch + Gathered::room(room, size), gathered.stride);
    }
};

}  // namespace

void keep_line(const Line &line, const float *raw, const WindowCache &cache) {
    over_heads(line.sequences, line.sight.heads, 0, [&](int64_t s, int64_t kv, float *) {
        int64_t length = line.sequences.length(s), row = cache.first_row + s;
        int64_t first = std::max<int64_t>(0, length - cache.ring());
        if (line.sight.block > 0) first = std::min(first, length / line.sight.block * line.sight.block);
        if (line.sight.selected > 0) first = 0;
        for (int64_t t = first; t < length; t++) {
            keep_token(line, raw, cache, line.sequences.offsets[s] + t, t, row, kv);
        }
    });
}

void keep_summary(const float *keys, const float *values, int64_t row, int64_t block, const WindowCache &cache) {
    int64_t heads = cache.block_keys.size(1), size = cache.block_keys.size(2), room = cache.block_keys.size(3);
    for (int64_t kv = 0; kv < heads; kv++, keys += size, values += size) {
        float *columns = WindowCache::part(cache.block_keys, row, kv) + block;
        for (int64_t d = 0; d < size; d++) columns[d * room] = keys[d];
        std::copy_n(values, size, WindowCache::part(cache.block_values, row, kv) + block * size);
    }
}

void step(const Line &line, const float *raw, const WindowCache &cache, float *const *outs) {
    const Sight &sight = line.sight;
    int64_t size = sight.heads.size, group = sight.heads.group();
    int64_t scratch_size = (2 * size + BLOCK) * Unrolled::room(sight);
    if (sight.block > 0) scratch_size = std::max(scratch_size, std::max(BLOCK, group) * cache.block_keys.size(3));
    int64_t tokens = sight.selected * sight.block;
    scratch_size = std::max(scratch_size, Gathered::room(tokens, size) + BLOCK * padded(tokens));
    over_heads(line.sequences, sight.heads, scratch_size, [&](int64_t s, int64_t kv, float *scratch) {
        Token token{line, cache, line.sequences.offsets[s], line.sequences.pasts[s], cache.first_row + s, kv};
        keep_token(line, raw, cache, token.token, token.position, token.row, kv);
        token.attend_window(outs[0], scratch);
        if (sight.block == 0) return;
        bool sees = sight.blocks_before(token.position) > 0;
        sees ? token.attend_blocks(outs[1], scratch) : token.clear(outs[1]);
        if (sight.selected == 0) return;
        sees ? token.attend_selected(outs[2], scratch) : token.clear(outs[2]);
    });
}

}  // namespace ctorch
