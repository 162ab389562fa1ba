// One row against a matrix of 8 bits of which only the inputs that are not 0 are read.
//
// Sums are those of the other kernels, in whole numbers, so what is left out changes no bit.
#include "boundary.h"
#include "elementwise.h"
#include "matrix_block.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace matrix {

namespace {

/// What a thread needs for its columns of one row.
struct Work {
    const uint8_t *weight;  // of the first of its columns
    int64_t step;           // bytes from an input's weights to the next one's
    const int8_t *values;
    const int32_t *active;  // the inputs that are not 0
    int64_t count;
    int64_t tiles;
    int32_t *totals;        // [tiles, TILE]
};

int64_t list_active(const int8_t *values, int64_t size, int32_t *active) {
    int64_t count = 0;
    for (int64_t i = 0; i < size; i++) {
        active[count] = static_cast<int32_t>(i);
        count += values[i] != 0;
    }
    return count;
}

EVERY_PROCESSOR
void add_plain(const Work &w) {
    for (int64_t i = 0; i < w.count; i++) {
        const uint8_t *row = w.weight + w.active[i] * w.step;
        int32_t value = w.values[w.active[i]];
        for (int64_t c = 0; c < w.tiles * TILE; c++) w.totals[c] += value * row[c];
    }
}

#if defined(__x86_64__)
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

constexpr int TOGETHER = 8;  // inputs whose products a register adds up before it is written back

/// Four inputs' weights of 64 columns, four bytes a column. Column 16 l + 4 k + e is in register k at place 4 l + e.
struct Woven {
    __m512i part[4];
};

VNNI inline Woven weave(const uint8_t *const *rows, int64_t offset) {
    __m512i r[4];
    for (int j = 0; j < 4; j++) r[j] = _mm512_loadu_si512(rows[j] + offset);
    __m512i low01 = _mm512_unpacklo_epi8(r[0], r[1]), high01 = _mm512_unpackhi_epi8(r[0], r[1]);
    __m512i low23 = _mm512_unpacklo_epi8(r[2], r[3]), high23 = _mm512_unpackhi_epi8(r[2], r[3]);
    return {{_mm512_unpacklo_epi16(low01, low23), _mm512_unpackhi_epi16(low01, low23),
             _mm512_unpacklo_epi16(high01, high23), _mm512_unpackhi_epi16(high01, high23)}};
}

VNNI void add_vnni(const Work &w) {
    std::vector<int32_t> woven(w.tiles * TILE);
    for (int64_t i = 0; i < w.count; i += TOGETHER) {
        const uint8_t *rows[TOGETHER], *next[TOGETHER];
        int8_t four[TOGETHER];
        for (int64_t j = 0; j < TOGETHER; j++) {
            int64_t place = w.active[std::min(i + j, w.count - 1)];
            rows[j] = w.weight + place * w.step;
            next[j] = w.weight + w.active[std::min(i + TOGETHER + j, w.count - 1)] * w.step;
            four[j] = i + j < w.count ? w.values[place] : 0;
        }
        int32_t pair[2];
        std::memcpy(pair, four, sizeof pair);
        __m512i first = _mm512_set1_epi32(pair[0]), second = _mm512_set1_epi32(pair[1]);
        for (int64_t t = 0; t < w.tiles; t++) {
            for (const uint8_t *row : next) _mm_prefetch(row + t * TILE, _MM_HINT_T0);
            Woven a = weave(rows, t * TILE), b = weave(rows + 4, t * TILE);
            for (int k = 0; k < 4; k++) {
                int32_t *sum = woven.data() + t * TILE + k * 16;
                __m512i total = _mm512_dpbusd_epi32(_mm512_loadu_si512(sum), a.part[k], first);
                _mm512_storeu_si512(sum, _mm512_dpbusd_epi32(total, b.part[k], second));
            }
        }
    }
    for (int64_t t = 0; t < w.tiles; t++) {
        for (int64_t c = 0; c < TILE; c++) {
            w.totals[t * TILE + c] = woven[t * TILE + c / 4 % 4 * 16 + c / 16 * 4 + c % 4];
        }
    }
}
#endif

void add_active(const Work &work) {
#if defined(__x86_64__)
    if (&current_kernel() == &vnni) return add_vnni(work);
#endif
    add_plain(work);
}

EVERY_PROCESSOR
void finish(const int32_t *totals, int32_t offset, float row_scale, const float *scales, float *parts, int64_t size) {
    for (int64_t c = 0; c < size; c++) {
        parts[c] = static_cast<float>(totals[c] - offset) * (row_scale * scales[c]);
    }
}

}  // namespace

void skip_small_inputs(Matrix &m, float threshold) {
    if (m.format != Format::int8) throw std::invalid_argument("inputs are skipped where weights have 8 bits");
    if (!(threshold >= 0)) throw std::invalid_argument("a threshold is 0 or more");
    int64_t width = m.tiles() * TILE;
    m.threshold = threshold;
    m.by_input = Memory(m.padded * width);
    for (int64_t t = 0; t < m.tiles(); t++) {
        const uint8_t *tile = m.weight.data() + t * m.tile_bytes();
        for (int64_t k = 0; k < m.padded; k++) {
            for (int64_t c = 0; c < TILE; c++) {
                m.by_input.data()[k * width + t * TILE + c] = tile[k / 4 * TILE * 4 + c * 4 + k % 4];
            }
        }
    }
}

void drop_small(const float *x, int8_t *values, int64_t size, float threshold) {
    for (int64_t i = 0; i < size; i++) values[i] = std::fabs(x[i]) < threshold ? 0 : values[i];
}

void multiply_row(const Matrix &m, const Inputs &inputs, const float *residual, float *out, int64_t begin,
                  int64_t end) {
    if (begin >= end) return;
    int64_t width = m.tiles() * TILE;
    const auto *values = reinterpret_cast<const int8_t *>(inputs.row(0));
    std::vector<int32_t> active(m.inputs + 1), totals((end - begin) * TILE);
    int64_t count = list_active(values, m.inputs, active.data());
    add_active({m.by_input.data() + begin * TILE, width, values, active.data(), count, end - begin, totals.data()});
    std::vector<float> parts((end - begin) * TILE);
    finish(totals.data(), 128 * *inputs.sums(0), *inputs.scales(0), m.scales.data() + begin * TILE, parts.data(),
           static_cast<int64_t>(parts.size()));
    for (int64_t c = begin * TILE; c < std::min(end * TILE, m.outputs); c++) {
        float part = parts[c - begin * TILE];
        if (!m.bias.empty()) part += m.bias[c];
        out[c] = residual ? residual[c] + part : part;
    }
}

}  // namespace matrix

bool ctorch_matrix_skip_small_inputs(ctorch_matrix matrix, float threshold) {
    return ctorch::guarded(false, [&] {
        matrix::skip_small_inputs(*reinterpret_cast<matrix::Matrix *>(matrix), threshold);
        return true;
    });
}
