// What a device can do at most.
#pragma once

namespace ctorch::cuda {

struct Limits {
    double bytes_per_second;     // read from its memory
    double products_per_second;  // multiplications with additions
};

/// Measures both: the best of some passes over 2 GiB, and of some runs of products that need no memory, in 32 bits by
/// plain arithmetic, in 16 and fewer by the matrix units as this target's kernels use them (mma.sync).
Limits limits_of(int device, int bits);

}  // namespace ctorch::cuda
