#include "columns.h"

#include "lanes.h"

namespace ctorch {

EVERY_PROCESSOR
void turn_into_columns(const float *rows, int64_t step, int64_t count, int64_t size, float *columns, int64_t stride) {
    int64_t whole = size / LANES * LANES;
    for (int64_t j = 0; j < count; j += LANES) {
        int64_t limit = std::min(count - j, LANES);
        for (int64_t d = 0; d < whole; d += LANES) {
            Lanes block[LANES] = {};
            for (int64_t i = 0; i < LANES; i++) {
                if (i < limit) block[i] = lanes(rows + (j + i) * step + d);
            }
            transpose(block);
            for (int64_t i = 0; i < LANES; i++) lanes(columns + (d + i) * stride + j) = block[i];
        }
        for (int64_t d = whole; d < size; d++) {
            for (int64_t i = 0; i < LANES; i++) columns[d * stride + j + i] = i < limit ? rows[(j + i) * step + d] : 0;
        }
    }
}

}  // namespace ctorch
