// Rows of a matrix as columns.
#pragma once

#include <cstdint>

namespace ctorch {

/// rows [count, size], `step` apart, as columns [size, stride]; columns are filled up with zeros to whole lanes of 16.
void turn_into_columns(const float *rows, int64_t step, int64_t count, int64_t size, float *columns, int64_t stride);

}  // namespace ctorch
