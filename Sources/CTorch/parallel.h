// Loops over the threads that libtorch's own operators use.
//
// `at::parallel_for` is a template that asks the compiler for OpenMP. Clang speaks to its own OpenMP library alone, and
// libtorch comes with GNU's: compiled here, the template is a plain loop.
#pragma once

#include <cstdint>

namespace ctorch {

using Part = void (*)(const void *body, int64_t begin, int64_t end);

void over_parts(int64_t begin, int64_t end, int64_t grain, const void *body, Part part);

/// Runs `body(begin, end)` for parts of the range, of `grain` at least, on as many threads as libtorch is set to; what it
/// throws is thrown here.
template <typename Body>
void parallel_for(int64_t begin, int64_t end, int64_t grain, const Body &body) {
    over_parts(begin, end, grain, &body, [](const void *of, int64_t first, int64_t last) {
        (*static_cast<const Body *>(of))(first, last);
    });
}

}  // namespace ctorch
