#include "parallel.h"

#include "ctorch.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

namespace {

/// What GCC's code for `#pragma omp parallel` calls, in the library that libtorch has loaded.
struct OpenMP {
    void (*parallel)(void (*body)(void *), void *argument, unsigned threads, unsigned flags);
    int (*thread)();
    int (*threads)();

    OpenMP() {
        load(parallel, "GOMP_parallel");
        load(thread, "omp_get_thread_num");
        load(threads, "omp_get_num_threads");
    }

    bool is_there() const { return parallel && thread && threads; }

    static const OpenMP &shared() {
        static const OpenMP library;
        return library;
    }

private:
    template <typename Function>
    static void load(Function *&function, const char *name) {
        function = reinterpret_cast<Function *>(dlsym(RTLD_DEFAULT, name));
    }
};

struct Loop {
    int64_t begin, end, parts;
    const void *body;
    ctorch::Part part;
    std::mutex mutex;
    std::exception_ptr error;

    /// The part of one thread.
    void run() {
        int64_t threads = std::min<int64_t>(parts, OpenMP::shared().threads());
        int64_t size = (end - begin + threads - 1) / threads;
        int64_t first = begin + OpenMP::shared().thread() * size;
        if (first >= end) return;
        try {
            part(body, first, std::min(end, first + size));
        } catch (...) {
            std::lock_guard<std::mutex> lock(mutex);
            if (!error) error = std::current_exception();
        }
    }
};

/// Whole computations that the threads take from one list.
struct Tasks {
    int32_t count;
    void *context;
    void (*task)(void *context, int32_t number);
    std::atomic<int32_t> next{0};
    at::ThreadLocalState state{};  // whether gradients are recorded

    void run() {
        at::ThreadLocalStateGuard guard(state);
        for (int32_t i; (i = next.fetch_add(1)) < count;) task(context, i);
    }
};

}  // namespace

namespace ctorch {

void over_parts(int64_t begin, int64_t end, int64_t grain, const void *body, Part part) {
    if (begin >= end) return;
    int64_t parts = (end - begin + grain - 1) / grain;
    if (parts < 2 || at::get_num_threads() < 2 || at::in_parallel_region() || !OpenMP::shared().is_there()) {
        return part(body, begin, end);
    }
    Loop loop{begin, end, parts, body, part, {}, nullptr};
    // As many threads as are set, always: GNU's library makes its threads anew whenever the number changes.
    OpenMP::shared().parallel([](void *of) { static_cast<Loop *>(of)->run(); }, &loop, 0, 0);
    if (loop.error) std::rethrow_exception(loop.error);
}

}  // namespace ctorch

void ctorch_run_tasks(int32_t count, void *context, void (*task)(void *context, int32_t number)) {
    Tasks tasks{count, context, task};
    if (count < 2 || at::get_num_threads() < 2 || at::in_parallel_region() || !OpenMP::shared().is_there()) {
        return tasks.run();
    }
    OpenMP::shared().parallel([](void *of) { static_cast<Tasks *>(of)->run(); }, &tasks, 0, 0);
}
