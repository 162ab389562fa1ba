#include "kernels.h"

#include <mutex>
#include <stdexcept>

namespace ctorch::cuda {

namespace {

constexpr int COMPUTE_CAPABILITY_MAJOR = 75, COMPUTE_CAPABILITY_MINOR = 76;  // CUdevice_attribute
constexpr int CAPTURES_THIS_THREAD = 1;                                      // CUstreamCaptureMode

const char *const source =
#include "source_rows.h"

#include "source_product.h"

#include "source_attention.h"

#include "source_picks.h"

#include "source_limits.h"
    ;

std::mutex devices_lock, kernels_lock;

}  // namespace

Device &Device::get(int index) {
    static std::map<int, std::unique_ptr<Device>> devices;
    std::lock_guard guard(devices_lock);
    auto &device = devices[index];
    if (!device) device.reset(new Device(index));
    return *device;
}

Device::Device(int index) {
    const Driver &driver = Driver::get();
    check(driver.cuInit(0), "starting CUDA");
    int count = 0, major = 0, minor = 0;
    check(driver.cuDeviceGetCount(&count), "counting CUDA devices");
    if (index >= count) {
        throw std::runtime_error("no device cuda:" + std::to_string(index) + " here; there are " +
                                 std::to_string(count));
    }
    char name[256] = {};
    check(driver.cuDeviceGetName(name, sizeof name, index), "asking a device for its name");
    name_ = name;
    check(driver.cuDeviceGetAttribute(&major, COMPUTE_CAPABILITY_MAJOR, index), "asking a device what it can do");
    check(driver.cuDeviceGetAttribute(&minor, COMPUTE_CAPABILITY_MINOR, index), "asking a device what it can do");
    if (major < 8) throw std::runtime_error(name_ + " has no matrix units for 16 bits; take one of Ampere or later");
    overlaps_kernels_ = major >= 9;
    check(driver.cuDevicePrimaryCtxRetain(&context_, index), "opening a device");
    use();
    std::string code = compiled(source, 10 * major + minor);
    check(driver.cuModuleLoadData(&module_, code.data()), "loading kernels");
}

void Device::use() const { check(Driver::get().cuCtxSetCurrent(context_), "taking a device"); }

Handle Device::kernel(const std::string &name) {
    std::lock_guard guard(kernels_lock);
    Handle &found = kernels_[name];
    if (!found) check(Driver::get().cuModuleGetFunction(&found, module_, name.c_str()), name.c_str());
    return found;
}

Stream::Stream(const Device &device) : overlaps_(device.overlaps_kernels()) {
    check(Driver::get().cuStreamCreate(&stream_, 0), "a stream of work");
}

Stream::~Stream() { Driver::get().cuStreamDestroy(stream_); }

void Stream::copy(Address to, const void *from, size_t byte_count) {
    check(Driver::get().cuMemcpyHtoDAsync(to, from, byte_count, stream_), "copying to the device");
    follows_kernel_ = false;
}

void Stream::copy(void *to, Address from, size_t byte_count) {
    check(Driver::get().cuMemcpyDtoHAsync(to, from, byte_count, stream_), "copying from the device");
    follows_kernel_ = false;
}

void Stream::launch_with(Handle kernel, Shape shape, void **arguments) {
    LaunchAttribute overlaps{LaunchAttribute::PROGRAMMATIC_STREAM_SERIALIZATION, {}, {}};
    overlaps.value[0] = 1;
    LaunchConfiguration configuration{shape.x, shape.y, 1, shape.threads, 1, 1, shape.shared_bytes, stream_, &overlaps,
                                      overlaps_ && follows_kernel_ ? 1u : 0u};
    check(Driver::get().cuLaunchKernelEx(&configuration, kernel, arguments, nullptr), "starting a kernel");
    follows_kernel_ = true;
}

void Stream::finish() const { check(Driver::get().cuStreamSynchronize(stream_), "a step on the device"); }

void Graph::begin(const Stream &stream) {
    check(Driver::get().cuStreamBeginCapture(stream.handle(), CAPTURES_THIS_THREAD), "recording a step");
}

void Graph::abandon(const Stream &stream) {
    Handle graph = nullptr;
    if (Driver::get().cuStreamEndCapture(stream.handle(), &graph) == 0 && graph) Driver::get().cuGraphDestroy(graph);
}

void Graph::end(const Stream &stream) {
    Handle graph = nullptr;
    check(Driver::get().cuStreamEndCapture(stream.handle(), &graph), "recording a step");
    int result = Driver::get().cuGraphInstantiate(&executable_, graph, 0);
    Driver::get().cuGraphDestroy(graph);
    check(result, "preparing a recorded step");
}

Graph::~Graph() {
    if (executable_) Driver::get().cuGraphExecDestroy(executable_);
}

void Graph::launch(const Stream &stream) const {
    check(Driver::get().cuGraphLaunch(executable_, stream.handle()), "starting a recorded step");
}

}  // namespace ctorch::cuda
