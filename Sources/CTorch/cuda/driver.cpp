#include "driver.h"

#include <dlfcn.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace ctorch::cuda {

namespace {

void *opened(std::initializer_list<const char *> names) {
    for (const char *name : names) {
        if (void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return library;
    }
    return nullptr;
}

template <typename Function> void find(void *library, const char *name, Function &function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    if (!function) throw std::runtime_error(std::string("the CUDA library here has no ") + name + "; take a newer one");
}

Driver loaded() {
    void *library = opened({"libcuda.so.1", "libcuda.so"});
    if (!library) throw std::runtime_error("no CUDA device here: the driver's library libcuda.so.1 was not found");
    Driver d;
    find(library, "cuInit", d.cuInit);
    find(library, "cuGetErrorString", d.cuGetErrorString);
    find(library, "cuDeviceGetCount", d.cuDeviceGetCount);
    find(library, "cuDeviceGetAttribute", d.cuDeviceGetAttribute);
    find(library, "cuDeviceGetName", d.cuDeviceGetName);
    find(library, "cuDevicePrimaryCtxRetain", d.cuDevicePrimaryCtxRetain);
    find(library, "cuCtxSetCurrent", d.cuCtxSetCurrent);
    find(library, "cuMemGetInfo_v2", d.cuMemGetInfo);
    find(library, "cuMemAlloc_v2", d.cuMemAlloc);
    find(library, "cuMemFree_v2", d.cuMemFree);
    find(library, "cuMemAllocHost_v2", d.cuMemAllocHost);
    find(library, "cuMemFreeHost", d.cuMemFreeHost);
    find(library, "cuMemcpyHtoD_v2", d.cuMemcpyHtoD);
    find(library, "cuMemcpyDtoH_v2", d.cuMemcpyDtoH);
    find(library, "cuMemcpyDtoD_v2", d.cuMemcpyDtoD);
    find(library, "cuMemcpyHtoDAsync_v2", d.cuMemcpyHtoDAsync);
    find(library, "cuMemcpyDtoHAsync_v2", d.cuMemcpyDtoHAsync);
    find(library, "cuStreamCreate", d.cuStreamCreate);
    find(library, "cuStreamDestroy_v2", d.cuStreamDestroy);
    find(library, "cuStreamSynchronize", d.cuStreamSynchronize);
    find(library, "cuStreamBeginCapture_v2", d.cuStreamBeginCapture);
    find(library, "cuStreamEndCapture", d.cuStreamEndCapture);
    find(library, "cuGraphInstantiateWithFlags", d.cuGraphInstantiate);
    find(library, "cuGraphLaunch", d.cuGraphLaunch);
    find(library, "cuGraphDestroy", d.cuGraphDestroy);
    find(library, "cuGraphExecDestroy", d.cuGraphExecDestroy);
    find(library, "cuModuleLoadData", d.cuModuleLoadData);
    find(library, "cuModuleGetFunction", d.cuModuleGetFunction);
    find(library, "cuLaunchKernelEx", d.cuLaunchKernelEx);
    return d;
}

/// NVRTC, which comes with CUDA and with every libtorch that is built for it.
struct Compiler {
    int (*create)(Handle *, const char *, const char *, int, const char *const *, const char *const *);
    int (*compile)(Handle, int, const char *const *);
    int (*log_size)(Handle, size_t *);
    int (*log)(Handle, char *);
    int (*code_size)(Handle, size_t *);
    int (*code)(Handle, char *);
    int (*destroy)(Handle *);

    Compiler() {
        void *library = opened({"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"});
        if (!library) {
            throw std::runtime_error("CUDA's run-time compiler libnvrtc.so was not found; put its folder, which comes "
                                     "with CUDA and with libtorch for CUDA, into LD_LIBRARY_PATH");
        }
        find(library, "nvrtcCreateProgram", create);
        find(library, "nvrtcCompileProgram", compile);
        find(library, "nvrtcGetProgramLogSize", log_size);
        find(library, "nvrtcGetProgramLog", log);
        find(library, "nvrtcGetCUBINSize", code_size);
        find(library, "nvrtcGetCUBIN", code);
        find(library, "nvrtcDestroyProgram", destroy);
    }
};

}  // namespace

const Driver &Driver::get() {
    static const Driver driver = loaded();
    return driver;
}

void check(int result, const char *what) {
    if (result == 0) return;
    const char *words = nullptr;
    Driver::get().cuGetErrorString(result, &words);
    throw std::runtime_error(std::string(what) + ": CUDA says " + (words ? words : std::to_string(result)));
}

std::string compiled(const std::string &source, int capability) {
    static const Compiler compiler;
    Handle program = nullptr;
    if (compiler.create(&program, source.c_str(), "kernels.cu", 0, nullptr, nullptr) != 0) {
        throw std::runtime_error("CUDA's run-time compiler did not take the kernels");
    }
    std::string target = "--gpu-architecture=sm_" + std::to_string(capability);
    std::vector<const char *> options{target.c_str(), "--std=c++17", "--fmad=true"};
    bool is_compiled = compiler.compile(program, static_cast<int>(options.size()), options.data()) == 0;
    std::string result;
    size_t size = 0;
    if (is_compiled && compiler.code_size(program, &size) == 0) {
        result.resize(size);
        compiler.code(program, result.data());
    } else if (compiler.log_size(program, &size) == 0) {
        result.resize(size);
        compiler.log(program, result.data());
    }
    compiler.destroy(&program);
    if (!is_compiled) throw std::runtime_error("the kernels did not compile for " + target + ": " + result);
    return result;
}

Memory::Memory(size_t byte_count) : byte_count_(byte_count) {
    int result = Driver::get().cuMemAlloc(&address_, std::max<size_t>(byte_count, 1));
    if (result == 0) return;
    size_t left = 0, total = 0;
    Driver::get().cuMemGetInfo(&left, &total);
    std::string what = "no " + std::to_string(byte_count >> 20) + " MiB on the device, where " +
                       std::to_string(left >> 20) + " of " + std::to_string(total >> 20) + " MiB are left";
    check(result, what.c_str());
}

Memory::~Memory() {
    if (address_) Driver::get().cuMemFree(address_);
}

void Memory::fill(const void *source, size_t count) const {
    check(Driver::get().cuMemcpyHtoD(address_, source, count), "copying to the device");
}

PinnedMemory::PinnedMemory(size_t byte_count) : byte_count_(byte_count) {
    void *data = nullptr;
    check(Driver::get().cuMemAllocHost(&data, std::max<size_t>(byte_count, 1)), "memory for copies to the device");
    data_ = static_cast<uint8_t *>(data);
}

PinnedMemory::~PinnedMemory() {
    if (data_) Driver::get().cuMemFreeHost(data_);
}

}  // namespace ctorch::cuda
