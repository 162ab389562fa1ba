// CUDA's driver and its run-time compiler, found when they are first asked for: nothing of CUDA is needed to build this
// target, and a machine without a device never loads any of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace ctorch::cuda {

/// Device memory, by its address there.
using Address = unsigned long long;
using Handle = void *;

/// As `CUlaunchAttribute` and `CUlaunchConfig` of the driver's interface.
struct LaunchAttribute {
    static constexpr int PROGRAMMATIC_STREAM_SERIALIZATION = 6;
    int id;
    char padding[4];
    int value[16];
};
struct LaunchConfiguration {
    unsigned grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes;
    Handle stream;
    LaunchAttribute *attributes;
    unsigned attribute_count;
};

/// The functions of libcuda that are called here, by the names and the types of its stable binary interface (CUDA
/// driver API, since 12.0). All return 0 or an error.
struct Driver {
    int (*cuInit)(unsigned);
    int (*cuGetErrorString)(int, const char **);
    int (*cuDeviceGetCount)(int *);
    int (*cuDeviceGetAttribute)(int *, int, int);
    int (*cuDeviceGetName)(char *, int, int);
    int (*cuDevicePrimaryCtxRetain)(Handle *, int);
    int (*cuCtxSetCurrent)(Handle);
    int (*cuMemGetInfo)(size_t *, size_t *);
    int (*cuMemAlloc)(Address *, size_t);
    int (*cuMemFree)(Address);
    int (*cuMemAllocHost)(void **, size_t);
    int (*cuMemFreeHost)(void *);
    int (*cuMemcpyHtoD)(Address, const void *, size_t);
    int (*cuMemcpyDtoH)(void *, Address, size_t);
    int (*cuMemcpyDtoD)(Address, Address, size_t);
    int (*cuMemcpyHtoDAsync)(Address, const void *, size_t, Handle);
    int (*cuMemcpyDtoHAsync)(void *, Address, size_t, Handle);
    int (*cuStreamCreate)(Handle *, unsigned);
    int (*cuStreamDestroy)(Handle);
    int (*cuStreamSynchronize)(Handle);
    int (*cuStreamBeginCapture)(Handle, int);
    int (*cuStreamEndCapture)(Handle, Handle *);
    int (*cuGraphInstantiate)(Handle *, Handle, unsigned long long);
    int (*cuGraphLaunch)(Handle, Handle);
    int (*cuGraphDestroy)(Handle);
    int (*cuGraphExecDestroy)(Handle);
    int (*cuModuleLoadData)(Handle *, const void *);
    int (*cuModuleGetFunction)(Handle *, Handle, const char *);
    int (*cuLaunchKernelEx)(const LaunchConfiguration *, Handle, void **, void **);

    /// Throws `std::runtime_error` where there is no driver.
    static const Driver &get();
};

/// Throws `std::runtime_error` with the driver's words for an error.
void check(int result, const char *what);

/// Machine code for a processor of a compute capability (90 is 9.0), compiled from CUDA C++; throws with the compiler's
/// log.
std::string compiled(const std::string &source, int capability);

/// Memory on the device of the current context.
class Memory {
public:
    Memory() = default;
    explicit Memory(size_t byte_count);
    ~Memory();
    Memory(Memory &&other) noexcept { swap(other); }
    Memory &operator=(Memory &&other) noexcept {
        swap(other);
        return *this;
    }

    Address address() const { return address_; }
    size_t byte_count() const { return byte_count_; }
    void fill(const void *source, size_t count) const;

private:
    void swap(Memory &other) noexcept {
        std::swap(address_, other.address_);
        std::swap(byte_count_, other.byte_count_);
    }

    Address address_ = 0;
    size_t byte_count_ = 0;
};

/// Memory of the host that the device copies from and to while both go on.
class PinnedMemory {
public:
    PinnedMemory() = default;
    explicit PinnedMemory(size_t byte_count);
    ~PinnedMemory();
    PinnedMemory(PinnedMemory &&other) noexcept { swap(other); }
    PinnedMemory &operator=(PinnedMemory &&other) noexcept {
        swap(other);
        return *this;
    }

    uint8_t *data() const { return data_; }
    size_t byte_count() const { return byte_count_; }

private:
    void swap(PinnedMemory &other) noexcept {
        std::swap(data_, other.data_);
        std::swap(byte_count_, other.byte_count_);
    }

    uint8_t *data_ = nullptr;
    size_t byte_count_ = 0;
};

}  // namespace ctorch::cuda
