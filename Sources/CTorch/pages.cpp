#include "pages.h"

#include "matrix_block.h"
#include "softmax.h"

#include <cmath>
#include <cstring>

namespace ctorch {

namespace {

constexpr int64_t BLOCK = Row::BLOCK, TOKENS = Pages::TOKENS;
static_assert(LANES == TOKENS && HEADS == BLOCK);

typedef int8_t Bytes __attribute__((vector_size(16), aligned(1), may_alias));

INLINE void load(const float *p, Lanes &out) { out = lanes(p); }
INLINE void load(const int8_t *p, Lanes &out) {
    out = __builtin_convertvector(*reinterpret_cast<const Bytes *>(p), Lanes);
}

/// What lies in one head's page.
template <typename Element> struct HeadPage {
    const Element *keys, *values;
    const float *key_scales = nullptr, *value_scales = nullptr;
};

INLINE HeadPage<float> open(const uint8_t *memory, int64_t size, float) {
    const auto *keys = reinterpret_cast<const float *>(memory);
    return {keys, keys + TOKENS * size};
}

INLINE HeadPage<int8_t> open(const uint8_t *memory, int64_t size, int8_t) {
    const auto *scales = reinterpret_cast<const float *>(memory);
    const auto *keys = reinterpret_cast<const int8_t *>(scales + 2 * TOKENS);
    return {keys, keys + TOKENS * size, scales, scales + TOKENS};
}

template <typename Element> INLINE HeadPage<Element> page_of(const PagedHead &head, int64_t number) {
    return open(head.pages->head(head.table[number], head.layer, head.kv), head.size, Element());
}

/// Asks for pages of heads before they are read: the keys of one head after another, then the values of all heads page by
/// page, then the next one's keys. Pages lie too far apart for the processor to foresee them.
class Ahead {
public:
    Ahead(const PagedHead *heads, int64_t count, const PagedHead *next)
        : heads_(heads), count_(count), first_(heads->first_page), pages_(heads->end_page - first_), next_(next) {}

    void before_keys(int64_t head) const {
        if (!next_) return;
        for (int64_t i = 0; i < pages_; i++) fetch(head * pages_ + i + DISTANCE);
    }

    void before_values(int64_t page) const {
        if (!next_) return;
        for (int64_t h = 0; h < count_; h++) fetch((pages_ + page - first_) * count_ + h + DISTANCE);
    }

private:
    static constexpr int64_t DISTANCE = 4;  // pages' halves: more than the memory sends while it answers

    void fetch(int64_t number) const {
        int64_t keys = count_ * pages_;
        if (number < keys) return fetch(heads_[number / pages_], first_ + number % pages_, 0);
        number -= keys;
        if (number < keys) return fetch(heads_[number % count_], first_ + number / count_, 1);
        number += next_->first_page - keys;
        if (number < next_->end_page) fetch(*next_, number, 0);
    }

    static void fetch(const PagedHead &head, int64_t page, int64_t half) {
        int64_t size = head.pages->head_bytes() / 2;
        const uint8_t *memory = head.pages->head(head.table[page], head.layer, head.kv) + half * size;
        for (int64_t i = 0; i < size; i += 64) __builtin_prefetch(memory + i);
    }

    const PagedHead *heads_;
    int64_t count_, first_, pages_;
    const PagedHead *next_;
};

/// Scores of R queries against the 16 keys of each of W pages; in the order of d.
template <typename Element, int R, int W>
INLINE void score_pages(const float *const *queries, const PagedHead &head, int64_t page, float *out, int64_t stride) {
    HeadPage<Element> pages[W];
    for (int w = 0; w < W; w++) pages[w] = page_of<Element>(head, page + w);
    Lanes sums[R][W] = {};
    for (int64_t d = 0; d < head.size; d++) {
        for (int w = 0; w < W; w++) {
            Lanes keys;
            load(pages[w].keys + d * TOKENS, keys);
            for (int r = 0; r < R; r++) sums[r][w] += queries[r][d] * keys;
        }
    }
    for (int w = 0; w < W; w++) {
        for (int r = 0; r < R; r++) {
            if (pages[w].key_scales) sums[r][w] *= lanes(pages[w].key_scales);
            lanes(out + r * stride + w * LANES) = sums[r][w];
        }
    }
}

/// The pages from which values are added up, and their weights: rows of `stride`, of one head after another.
struct Mixture {
    const PagedHead *heads;
    int64_t first_page, page_count, last_tokens;
    const float *weights;
    int64_t stride;
    float *const *out;

    int64_t tokens(int64_t page) const { return page == page_count - 1 ? last_tokens : TOKENS; }
};

/// Values of W lanes of d, added up with R rows of weights of each of H heads; in the order of tokens.
template <typename Element, int H, int R, int W> INLINE void mix_pages(const Mixture &m, int64_t d, const Ahead &ahead) {
    Lanes sums[H][R][W] = {};
    int64_t size = m.heads[0].size;
    for (int64_t p = 0; p < m.page_count; p++) {
        if (d == 0) ahead.before_values(m.first_page + p);
        const Element *values[H];
        for (int h = 0; h < H; h++) values[h] = page_of<Element>(m.heads[h], m.first_page + p).values + d;
        const float *weights = m.weights + p * TOKENS;
        int64_t tokens = m.tokens(p);
        for (int64_t j = 0; j < tokens; j++) {
            for (int h = 0; h < H; h++) {
                for (int w = 0; w < W; w++) {
                    Lanes value;
                    load(values[h] + j * size + w * LANES, value);
                    for (int r = 0; r < R; r++) sums[h][r][w] += weights[(h * R + r) * m.stride + j] * value;
                }
            }
        }
    }
    for (int h = 0; h < H; h++) {
        for (int r = 0; r < R; r++) {
            for (int w = 0; w < W; w++) lanes(m.out[h * R + r] + d + w * LANES) = sums[h][r][w];
        }
    }
}

/// The same for what does not fill a lane.
template <typename Element, int H, int R> INLINE void mix_rest(const Mixture &m, int64_t d) {
    for (int row = 0; row < H * R; row++) {
        const PagedHead &head = m.heads[row / R];
        float sum = 0;
        for (int64_t p = 0; p < m.page_count; p++) {
            const Element *values = page_of<Element>(head, m.first_page + p).values + d;
            const float *weights = m.weights + row * m.stride + p * TOKENS;
            for (int64_t j = 0; j < m.tokens(p); j++) sum += weights[j] * static_cast<float>(values[j * head.size]);
        }
        m.out[row][d] = sum;
    }
}

/// Scores of R rows of a head over some pages, as weights that are not divided by their sums yet.
template <typename Element, int R>
INLINE void weigh_pages(const PagedRow *rows, const PagedHead &head, int64_t first_page, int64_t page_count,
                        float *weights, float *sums) {
    const float *queries[R];
    for (int r = 0; r < R; r++) queries[r] = rows[r].query;
    int64_t start = first_page * TOKENS, stride = page_count * TOKENS, p = 0;
    for (; p + 4 <= page_count; p += 4) {
        score_pages<Element, R, 4>(queries, head, first_page + p, weights + p * TOKENS, stride);
    }
    switch (page_count - p) {
    case 3: score_pages<Element, R, 3>(queries, head, first_page + p, weights + p * TOKENS, stride); break;
    case 2: score_pages<Element, R, 2>(queries, head, first_page + p, weights + p * TOKENS, stride); break;
    case 1: score_pages<Element, R, 1>(queries, head, first_page + p, weights + p * TOKENS, stride); break;
    }
    for (int r = 0; r < R; r++) {
        float *own = weights + r * stride, largest;
        exponentiate(own, 0, rows[r].first - start, rows[r].count - start, stride, head.scale, sums[r], largest);
        if constexpr (sizeof(Element) == 1) {
            for (int64_t page = 0; page < page_count; page++) {
                lanes(own + page * TOKENS) *= lanes(page_of<Element>(head, first_page + page).value_scales);
            }
        }
    }
}

/// R rows of each of H heads.
template <typename Element, int H, int R>
INLINE void attend_block(const PagedRow *rows, const PagedHead *heads, const Ahead &ahead, float *scratch) {
    float *outs[H * R], sums[H * R];
    int64_t first = rows[0].first, most = 0;
    for (int row = 0; row < H * R; row++) {
        outs[row] = rows[row].out;
        first = std::min(first, rows[row].first);
        most = std::max(most, rows[row].count);
    }
    int64_t first_page = first / TOKENS, start = first_page * TOKENS, size = heads[0].size;
    int64_t page_count = (most - start + TOKENS - 1) / TOKENS, stride = page_count * TOKENS;
    for (int h = 0; h < H; h++) {
        ahead.before_keys(h);
        weigh_pages<Element, R>(rows + h * R, heads[h], first_page, page_count, scratch + h * R * stride, sums + h * R);
    }
    Mixture mixture{heads, first_page, page_count, most - start - (page_count - 1) * TOKENS, scratch, stride, outs};
    int64_t d = 0;
    if constexpr (H == 1) {
        for (; d + 4 * LANES <= size; d += 4 * LANES) mix_pages<Element, H, R, 4>(mixture, d, ahead);
    }
    for (; d + 2 * LANES <= size; d += 2 * LANES) mix_pages<Element, H, R, 2>(mixture, d, ahead);
    for (; d + LANES <= size; d += LANES) mix_pages<Element, H, R, 1>(mixture, d, ahead);
    for (; d < size; d++) mix_rest<Element, H, R>(mixture, d);
    for (int row = 0; row < H * R; row++) {
        float share = 1 / sums[row];
        for (int64_t i = 0; i < size; i++) outs[row][i] *= share;
    }
}

template <typename Element>
INLINE void attend(const PagedRow *rows, int64_t count, const PagedHead *heads, int64_t head_count,
                   const PagedHead *next, float *scratch) {
    // The queries of a prompt meet what the first of them have fetched.
    Ahead ahead(heads, head_count, count <= BLOCK ? next : nullptr);
    if (count == 1) {
        switch (head_count) {
        case 4: return attend_block<Element, 4, 1>(rows, heads, ahead, scratch);
        case 3: return attend_block<Element, 3, 1>(rows, heads, ahead, scratch);
        case 2: return attend_block<Element, 2, 1>(rows, heads, ahead, scratch);
        }
    }
    int64_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK) attend_block<Element, 1, BLOCK>(rows + i, heads, ahead, scratch);
    switch (count - i) {
    case 3: return attend_block<Element, 1, 3>(rows + i, heads, ahead, scratch);
    case 2: return attend_block<Element, 1, 2>(rows + i, heads, ahead, scratch);
    case 1: return attend_block<Element, 1, 1>(rows + i, heads, ahead, scratch);
    }
}

int64_t head_bytes(const HeadShape &heads, bool in8Bits) {
    int64_t entries = 2 * Pages::TOKENS * heads.size;
    return in8Bits ? entries + 2 * Pages::TOKENS * static_cast<int64_t>(sizeof(float))
                   : entries * static_cast<int64_t>(sizeof(float));
}

}  // namespace

float HeadShape::scale() const { return 1 / std::sqrt(static_cast<float>(size)); }

int64_t Pages::page_bytes(int64_t layers, const HeadShape &heads, bool in8Bits) {
    return layers * heads.key * ctorch::head_bytes(heads, in8Bits);
}

Pages::Pages(int64_t layers, const HeadShape &heads, int64_t count, bool in8Bits)
    : kv_heads_(heads.key), size_(heads.size), count_(count), head_bytes_(ctorch::head_bytes(heads, in8Bits)),
      page_bytes_(page_bytes(layers, heads, in8Bits)), in8Bits_(in8Bits), memory_(count * page_bytes_) {}

void Pages::write(int64_t page, int64_t slot, int64_t layer, int64_t kv, const float *key, const float *value) const {
    uint8_t *memory = head(page, layer, kv);
    if (!in8Bits_) {
        auto *keys = reinterpret_cast<float *>(memory);
        for (int64_t d = 0; d < size_; d++) keys[d * TOKENS + slot] = key[d];
        std::copy_n(value, size_, keys + TOKENS * size_ + slot * size_);
        return;
    }
    auto *scales = reinterpret_cast<float *>(memory);
    auto *keys = reinterpret_cast<int8_t *>(scales + 2 * TOKENS);
    const auto &kernel = matrix::current_kernel();
    thread_local std::vector<int8_t> whole;
    whole.resize(size_);
    scales[slot] = kernel.quantize(key, whole.data(), size_);
    for (int64_t d = 0; d < size_; d++) keys[d * TOKENS + slot] = whole[d];
    scales[TOKENS + slot] = kernel.quantize(value, keys + TOKENS * size_ + slot * size_, size_);
}

void Pages::copy(int64_t from, int64_t to) const {
    std::memcpy(memory_.data() + to * page_bytes_, memory_.data() + from * page_bytes_, page_bytes_);
    if (hidden_size_ > 0) std::copy_n(hidden(from, 0), TOKENS * hidden_size_, hidden(to, 0));
}

void Pages::keep_hidden(int64_t size) {
    if (size == hidden_size_) return;
    hidden_ = matrix::Memory(count_ * TOKENS * size * static_cast<int64_t>(sizeof(float)));
    hidden_size_ = size;
}

int64_t paged_scratch(int64_t count) { return BLOCK * (padded(count) + TOKENS); }

EVERY_PROCESSOR
void attend_pages(const PagedRow *rows, int64_t row_count, const PagedHead *heads, int64_t head_count,
                  const PagedHead *next, float *scratch) {
    if (heads->pages->is_in_8_bits()) return attend<int8_t>(rows, row_count, heads, head_count, next, scratch);
    attend<float>(rows, row_count, heads, head_count, next, scratch);
}

}  // namespace ctorch
