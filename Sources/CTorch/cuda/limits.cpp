#include "limits.h"

#include "kernels.h"

#include <algorithm>
#include <chrono>

namespace ctorch::cuda {

namespace {

/// As in source_limits.h.
constexpr unsigned BLOCKS = 2048, THREADS = 256, WARPS = BLOCKS * THREADS / 32;
constexpr double ROUNDS = 4096, CHAINS = 8;

template <typename Body> double best_seconds(const Stream &stream, Body body) {
    double best = 1e9;
    for (int run = 0; run < 8; run++) {
        stream.finish();
        auto start = std::chrono::steady_clock::now();
        body();
        stream.finish();
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

}  // namespace

Limits limits_of(int number, int bits) {
    Device &device = Device::get(number);
    device.use();
    Stream stream(device);
    Memory memory(size_t(2) << 30), out(BLOCKS * THREADS * sizeof(float));
    auto quads = static_cast<long long>(memory.byte_count() / 16);
    double pass = best_seconds(stream, [&] {
        stream.launch(device.kernel("read_memory"), {BLOCKS}, memory.address(), quads, out.address());
    });
    std::string kernel = "products_" + std::to_string(bits == 4 ? 8 : bits);
    double run = best_seconds(stream, [&] { stream.launch(device.kernel(kernel), {BLOCKS}, out.address()); });
    double products_per_round = bits == 32 ? 32.0 : bits == 16 ? 16.0 * 8 * 16 : 16.0 * 8 * 32;
    return {static_cast<double>(memory.byte_count()) / pass, WARPS * ROUNDS * CHAINS * products_per_round / run};
}

}  // namespace ctorch::cuda
