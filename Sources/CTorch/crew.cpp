#include "crew.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ctorch {

namespace {

constexpr int SPINS = 2000;  // some 20 microseconds

inline void pause() {
#if defined(__x86_64__)
    _mm_pause();
#endif
}

template <typename Condition> inline void wait_while(Condition holds) {
    for (int spins = 0; holds(); spins++) {
        if (spins < SPINS) {
            pause();
        } else {
            std::this_thread::yield();
        }
    }
}

}  // namespace

Crew::Crew(int size) : size_(size), arrivals_(size) {
    for (int thread = 1; thread < size; thread++) threads_.emplace_back([this, thread] { work(thread); });
}

Crew::~Crew() {
    ends_.store(true);
    round_.fetch_add(1);
    round_.notify_all();
    for (auto &thread : threads_) thread.join();
}

void Crew::run(const std::function<void(int)> &body) {
    if (size_ == 1) return body(0);
    body_ = &body;
    finished_.store(0, std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    body(0);
    wait_while([&] { return finished_.load(std::memory_order_acquire) != size_ - 1; });
}

void Crew::work(int thread) {
    for (uint32_t seen = 0;;) {
        for (int spins = 0; spins < SPINS && round_.load(std::memory_order_acquire) == seen; spins++) pause();
        round_.wait(seen, std::memory_order_acquire);
        seen = round_.load(std::memory_order_acquire);
        if (ends_.load()) return;
        (*body_)(thread);
        finished_.fetch_add(1, std::memory_order_release);
    }
}

void Crew::meet(int thread) {
    if (size_ == 1) return;
    uint32_t meeting = arrivals_[thread].count.load(std::memory_order_relaxed) + 1;
    arrivals_[thread].count.store(meeting, std::memory_order_release);
    for (Arrivals &other : arrivals_) {
        // One that is at the next meeting already was at this one.
        auto is_late = [&] { return static_cast<int32_t>(other.count.load(std::memory_order_acquire) - meeting) < 0; };
        wait_while(is_late);
    }
}

}  // namespace ctorch
