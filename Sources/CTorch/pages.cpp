#include "pages.h"

#include "matrix_block.h"
#include "softmax.h"

#include <cmath>
#include <cstring>

namespace ctorch {

namespace {

constexpr int64_t BLOCK = Row::BLOCK, TOKENS = Pages::TOKENS;
static_assert(LANES == TOKENS);

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

/// Asks for the pages of a head before they are read: all keys, then all values, then the next head's keys. Pages lie
/// too far apart for the processor to foresee them.
class Ahead {
public:
    Ahead(const PagedHead &head, const PagedHead *next) : head_(head), next_(next) {}

    void before_keys(int64_t page) const { fetch(page - head_.first_page + DISTANCE); }
    void before_values(int64_t page) const { fetch(pages() + page - head_.first_page + DISTANCE); }

private:
    static constexpr int64_t DISTANCE = 4;  // pages' halves: more than the memory sends while it answers

    int64_t pages() const { return head_.end_page - head_.first_page; }

    void fetch(int64_t number) const {
        if (number < 2 * pages()) return fetch(head_, number);
        number -= 2 * pages();
        if (next_ && number < next_->end_page - next_->first_page) fetch(*next_, number);
    }

    /// Keys, or values, of a page.
    static void fetch(const PagedHead &head, int64_t number) {
        int64_t count = head.end_page - head.first_page, half = head.pages->head_bytes() / 2;
        const uint8_t *memory =
            head.pages->head(head.table[head.first_page + number % count], head.layer, head.kv) + number / count * half;
        for (int64_t i = 0; i < half; i += 64) __builtin_prefetch(memory + i);
    }

    const PagedHead &head_;
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

/// Values of W lanes of d, added up with R rows of weights; in the order of tokens.
template <typename Element, int R, int W>
INLINE void mix_pages(const float *weights, int64_t stride, const PagedHead &head, int64_t first_page,
                      int64_t page_count, int64_t last_tokens, float *const *out, int64_t d, const Ahead *ahead) {
    Lanes sums[R][W] = {};
    for (int64_t p = 0; p < page_count; p++) {
        if (ahead && d == 0) ahead->before_values(first_page + p);
        HeadPage<Element> page = page_of<Element>(head, first_page + p);
        int64_t tokens = p == page_count - 1 ? last_tokens : TOKENS;
        for (int64_t j = 0; j < tokens; j++) {
            const Element *value = page.values + j * head.size + d;
            for (int w = 0; w < W; w++) {
                Lanes values;
                load(value + w * LANES, values);
                for (int r = 0; r < R; r++) sums[r][w] += weights[r * stride + p * TOKENS + j] * values;
            }
        }
    }
    for (int r = 0; r < R; r++) {
        for (int w = 0; w < W; w++) lanes(out[r] + d + w * LANES) = sums[r][w];
    }
}

/// The same for what does not fill a lane.
template <typename Element, int R>
INLINE void mix_rest(const float *weights, int64_t stride, const PagedHead &head, int64_t first_page,
                     int64_t page_count, int64_t last_tokens, float *const *out, int64_t d) {
    for (int r = 0; r < R; r++) {
        float sum = 0;
        for (int64_t p = 0; p < page_count; p++) {
            HeadPage<Element> page = page_of<Element>(head, first_page + p);
            int64_t tokens = p == page_count - 1 ? last_tokens : TOKENS;
            for (int64_t j = 0; j < tokens; j++) {
                sum += weights[r * stride + p * TOKENS + j] * static_cast<float>(page.values[j * head.size + d]);
            }
        }
        out[r][d] = sum;
    }
}

template <typename Element, int R>
INLINE void attend_block(const PagedRow *rows, const PagedHead &head, const Ahead *ahead, float *scratch) {
    const float *queries[R];
    float *outs[R], sums[R], largest;
    int64_t first = rows[0].first, most = 0;
    for (int r = 0; r < R; r++) {
        queries[r] = rows[r].query;
        outs[r] = rows[r].out;
        first = std::min(first, rows[r].first);
        most = std::max(most, rows[r].count);
    }
    int64_t first_page = first / TOKENS, start = first_page * TOKENS;
    int64_t page_count = (most - start + TOKENS - 1) / TOKENS, stride = page_count * TOKENS, p = 0;
    for (int64_t page = 0; ahead && page < page_count; page++) ahead->before_keys(first_page + page);
    for (; p + 4 <= page_count; p += 4) {
        score_pages<Element, R, 4>(queries, head, first_page + p, scratch + p * TOKENS, stride);
    }
    switch (page_count - p) {
    case 3: score_pages<Element, R, 3>(queries, head, first_page + p, scratch + p * TOKENS, stride); break;
    case 2: score_pages<Element, R, 2>(queries, head, first_page + p, scratch + p * TOKENS, stride); break;
    case 1: score_pages<Element, R, 1>(queries, head, first_page + p, scratch + p * TOKENS, stride); break;
    }
    for (int r = 0; r < R; r++) {
        float *weights = scratch + r * stride;
        exponentiate(weights, 0, rows[r].first - start, rows[r].count - start, stride, head.scale, sums[r], largest);
        if constexpr (sizeof(Element) == 1) {
            for (int64_t page = 0; page < page_count; page++) {
                lanes(weights + page * TOKENS) *= lanes(page_of<Element>(head, first_page + page).value_scales);
            }
        }
    }
    int64_t last = most - start - (page_count - 1) * TOKENS, d = 0;
    for (; d + 4 * LANES <= head.size; d += 4 * LANES) {
        mix_pages<Element, R, 4>(scratch, stride, head, first_page, page_count, last, outs, d, ahead);
    }
    for (; d + 2 * LANES <= head.size; d += 2 * LANES) {
        mix_pages<Element, R, 2>(scratch, stride, head, first_page, page_count, last, outs, d, ahead);
    }
    for (; d + LANES <= head.size; d += LANES) {
        mix_pages<Element, R, 1>(scratch, stride, head, first_page, page_count, last, outs, d, ahead);
    }
    for (; d < head.size; d++) mix_rest<Element, R>(scratch, stride, head, first_page, page_count, last, outs, d);
    for (int r = 0; r < R; r++) {
        float share = 1 / sums[r];
        for (int64_t i = 0; i < head.size; i++) outs[r][i] *= share;
    }
}

template <typename Element>
INLINE void attend(const PagedRow *rows, int64_t count, const PagedHead &head, const PagedHead *next, float *scratch) {
    // The queries of a prompt meet what the first of them have fetched.
    Ahead pages(head, next);
    const Ahead *ahead = count <= BLOCK ? &pages : nullptr;
    int64_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK) attend_block<Element, BLOCK>(rows + i, head, ahead, scratch);
    switch (count - i) {
    case 3: return attend_block<Element, 3>(rows + i, head, ahead, scratch);
    case 2: return attend_block<Element, 2>(rows + i, head, ahead, scratch);
    case 1: return attend_block<Element, 1>(rows + i, head, ahead, scratch);
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
void attend_pages(const PagedRow *rows, int64_t row_count, const PagedHead &head, const PagedHead *next,
                  float *scratch) {
    if (head.pages->is_in_8_bits()) return attend<int8_t>(rows, row_count, head, next, scratch);
    attend<float>(rows, row_count, head, next, scratch);
}

}  // namespace ctorch
