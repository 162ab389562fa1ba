// Keys and values in pages of 16 tokens, and attention over them.
#pragma once

#include "matrix.h"

#include <cstdint>

namespace ctorch {

/// The shape of one layer's heads.
struct HeadShape {
    int64_t query, key, size;

    int64_t group() const { return query / key; }
    int64_t width() const { return (query + 2 * key) * size; }
    float scale() const;
};

/// Pages of keys and values, wherever they lie.
class PageMemory {
public:
    virtual ~PageMemory() = default;

    virtual void copy(int64_t from, int64_t to) const = 0;
};

/// Memory for keys and values. Of a head's page, keys are columns `[size, 16]`, so that a query meets 16 of them at
/// once, and values rows `[16, size]`; in 8 bits, with a scale for every token's key and for its value.
class Pages final : public PageMemory {
public:
    static constexpr int64_t TOKENS = 16;

    Pages(int64_t layers, const HeadShape &heads, int64_t count, bool in8Bits);

    int64_t count() const { return count_; }
    int64_t page_bytes() const { return page_bytes_; }
    int64_t head_bytes() const { return head_bytes_; }
    bool is_in_8_bits() const { return in8Bits_; }
    static int64_t page_bytes(int64_t layers, const HeadShape &heads, bool in8Bits);

    uint8_t *head(int64_t page, int64_t layer, int64_t kv) const {
        return memory_.data() + page * page_bytes_ + (layer * kv_heads_ + kv) * head_bytes_;
    }

    /// Writes a token's key and value of one head.
    void write(int64_t page, int64_t slot, int64_t layer, int64_t kv, const float *key, const float *value) const;
    void copy(int64_t from, int64_t to) const override;

    /// From here on every token has room for so many numbers besides: what a network's first layers made of it.
    void keep_hidden(int64_t size);
    int64_t hidden_size() const { return hidden_size_; }

    float *hidden(int64_t page, int64_t slot) const {
        return reinterpret_cast<float *>(hidden_.data()) + (page * TOKENS + slot) * hidden_size_;
    }

private:
    int64_t kv_heads_, size_, count_, head_bytes_, page_bytes_, hidden_size_ = 0;
    bool in8Bits_;
    matrix::Memory memory_, hidden_;
};

/// One query of one head: it sees the tokens first..<count of its sequence.
struct PagedRow {
    const float *query;
    float *out;
    int64_t first, count;
};

/// The pages of a sequence, as one head of one layer sees them.
struct PagedHead {
    const Pages *pages;
    const int32_t *table;
    int64_t layer, kv, size;
    float scale;
    int64_t first_page, end_page;  // those that its queries see
};

/// Heads of a sequence that are attended together: the sums of one wait for each other.
constexpr int64_t HEADS = 4;

/// Scores that `attend_pages` needs room for, for rows that see up to `count` tokens.
int64_t paged_scratch(int64_t count);

/// out = softmax(query · keys · scale) · values for every row. Each row is added up in the order of its tokens.
///
/// Heads are of the same pages, up to HEADS of them; of more than one, each has a single row, and all see the same.
/// `next` is what the same thread attends afterwards: where there is one, pages are asked for before they are read.
void attend_pages(const PagedRow *rows, int64_t row_count, const PagedHead *heads, int64_t head_count,
                  const PagedHead *next, float *scratch);

}  // namespace ctorch
