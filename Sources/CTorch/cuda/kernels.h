// The kernels of a device, compiled when it is first used.
#pragma once

#include "driver.h"

#include <map>
#include <memory>
#include <string>

namespace ctorch::cuda {

/// One device and its kernels; lives as long as the process.
class Device {
public:
    /// The device of an index. Throws `std::runtime_error` where there is none, or one that has no matrix units for
    /// 16 bits (before compute capability 8.0).
    static Device &get(int index);

    /// Makes it the calling thread's.
    void use() const;
    Handle kernel(const std::string &name);
    const std::string &name() const { return name_; }
    /// Whether a kernel may be started before the one ahead of it has ended.
    bool overlaps_kernels() const { return overlaps_kernels_; }

private:
    explicit Device(int index);

    Handle context_ = nullptr, module_ = nullptr;
    std::string name_;
    bool overlaps_kernels_ = false;
    std::map<std::string, Handle> kernels_;
};

/// Work that runs in order.
class Stream {
public:
    explicit Stream(const Device &device);
    ~Stream();
    Stream(const Stream &) = delete;

    struct Shape {
        unsigned x, y = 1, threads = 256, shared_bytes = 0;
    };

    /// Starts a copy; memory of the host must be pinned.
    void copy(Address to, const void *from, size_t byte_count);
    void copy(void *to, Address from, size_t byte_count);

    /// Starts a kernel, which on devices that can do it comes up while the one ahead still runs; arguments have the
    /// very types of its parameters.
    template <typename... Arguments> void launch(Handle kernel, Shape shape, Arguments... arguments) {
        void *places[] = {&arguments...};
        launch_with(kernel, shape, places);
    }

    Handle handle() const { return stream_; }
    void finish() const;

private:
    void launch_with(Handle kernel, Shape shape, void **arguments);

    Handle stream_ = nullptr;
    bool overlaps_, follows_kernel_ = false;
};

/// Launches that were recorded once, to be started together.
class Graph {
public:
    /// Records what `body` starts on the stream.
    template <typename Body> Graph(const Stream &stream, Body body) {
        begin(stream);
        try {
            body();
        } catch (...) {
            abandon(stream);
            throw;
        }
        end(stream);
    }
    ~Graph();
    Graph(const Graph &) = delete;

    void launch(const Stream &stream) const;

private:
    static void begin(const Stream &stream);
    static void abandon(const Stream &stream);
    void end(const Stream &stream);

    Handle executable_ = nullptr;
};

}  // namespace ctorch::cuda
