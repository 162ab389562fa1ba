// Threads that run one function together and meet between its phases.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace ctorch {

/// A fixed number of threads, the caller's among them.
///
/// At a meeting a thread spins for a moment and then gives way: phases take microseconds, and a thread that slept would
/// be woken late, while on a busy machine one that only spun would hold up the one that it waits for.
class Crew {
public:
    explicit Crew(int size);
    ~Crew();
    Crew(const Crew &) = delete;

    int size() const { return size_; }

    /// Runs `body(thread)` on every thread and returns when all are done. `body` must not throw.
    void run(const std::function<void(int)> &body);

    /// Waits, within `run`, until every thread came to the same meeting as `thread`, which calls it.
    void meet(int thread);

private:
    /// How many meetings a thread came to, on a line of the cache of its own: who waits takes it over once.
    struct alignas(64) Arrivals {
        std::atomic<uint32_t> count{0};
    };

    void work(int thread);

    const int size_;
    std::vector<Arrivals> arrivals_;
    std::atomic<uint32_t> round_{0};
    std::atomic<int> finished_{0};
    std::atomic<bool> ends_{false};
    const std::function<void(int)> *body_ = nullptr;
    std::vector<std::thread> threads_;
};

/// The share of `count` things that a thread of a crew does.
struct Share {
    int64_t begin, end;

    Share(int64_t begin, int64_t end) : begin(begin), end(end) {}
    Share(int64_t count, int thread, int size) : begin(count * thread / size), end(count * (thread + 1) / size) {}
};

}  // namespace ctorch
