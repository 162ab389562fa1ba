// The tokens that a format allows, a bit for each in words of 64.
#pragma once

#include <cstdint>

namespace ctorch {

/// Floats that `gather_allowed` may write behind the last one.
constexpr int64_t GATHER_SLACK = 16;

/// The numbers in `row` whose bits are set, one behind the other; gives how many.
int64_t gather_allowed(const float *row, int64_t size, const uint64_t *mask, float *out);

/// The token at a place among those that are allowed.
int32_t allowed_token(const uint64_t *mask, int64_t place);

/// The place of a token among those that are allowed; -1 where it is not one of them.
int64_t allowed_place(const uint64_t *mask, int64_t size, int64_t token);

}  // namespace ctorch
