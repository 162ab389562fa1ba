#include "boundary.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

#include <string>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

using ctorch::borrowed;
using ctorch::guarded;
using ctorch::handle;
using ctorch::impl;

namespace {

thread_local std::string last_error;

at::Generator &generator(ctorch_generator handle) { return *reinterpret_cast<at::Generator *>(handle); }

at::Device device(int64_t code) {
    return at::Device(static_cast<at::DeviceType>(code >> 8), static_cast<at::DeviceIndex>(code & 0xff));
}

int64_t code(at::Device device) {
    return static_cast<int64_t>(device.type()) << 8 | (device.has_index() ? device.index() : 0);
}

template <typename Item>
c10::ArrayRef<Item> items(const ctorch_value &value) {
    return {static_cast<const Item *>(value.items), static_cast<size_t>(value.count)};
}

c10::IValue boxed(const ctorch_value &value) {
    switch (value.kind) {
    case CTORCH_NONE:
        return {};
    case CTORCH_TENSOR:
        return borrowed(static_cast<ctorch_tensor>(value.handle));
    case CTORCH_INTEGER:
        return value.integer;
    case CTORCH_REAL:
        return value.real;
    case CTORCH_BOOLEAN:
        return value.integer != 0;
    case CTORCH_INTEGERS:
        return items<int64_t>(value);
    case CTORCH_REALS:
        return c10::List<double>(items<double>(value));
    case CTORCH_TENSORS: {
        c10::List<at::Tensor> list;
        list.reserve(value.count);
        for (auto item : items<ctorch_tensor>(value)) list.push_back(borrowed(item));
        return list;
    }
    case CTORCH_OPTIONAL_TENSORS: {
        c10::List<std::optional<at::Tensor>> list;
        list.reserve(value.count);
        for (auto item : items<ctorch_tensor>(value)) {
            list.push_back(item ? std::optional<at::Tensor>(borrowed(item)) : std::nullopt);
        }
        return list;
    }
    case CTORCH_STRING:
        return std::string(static_cast<const char *>(value.items), value.count);
    case CTORCH_DEVICE:
        return device(value.integer);
    case CTORCH_GENERATOR:
        return generator(static_cast<ctorch_generator>(value.handle));
    }
    TORCH_CHECK(false, "a ctorch_value of unknown kind ", static_cast<int>(value.kind));
}

ctorch_value unboxed(c10::IValue value) {
    ctorch_value result{};
    if (value.isTensor()) {
        auto tensor = std::move(value).toTensor();
        if (!tensor.defined()) return result;
        result.kind = CTORCH_TENSOR;
        result.handle = handle(std::move(tensor));
    } else if (value.isInt()) {
        result.kind = CTORCH_INTEGER;
        result.integer = value.toInt();
    } else if (value.isDouble()) {
        result.kind = CTORCH_REAL;
        result.real = value.toDouble();
    } else if (value.isBool()) {
        result.kind = CTORCH_BOOLEAN;
        result.integer = value.toBool();
    } else {
        TORCH_CHECK(value.isNone(), "an operator returned a ", value.tagKind(), ", which this shim does not carry");
    }
    return result;
}

std::vector<ctorch_value> unbox_all(torch::jit::Stack &stack) {
    std::vector<ctorch_value> results;
    for (auto &value : stack) {
        if (value.isTensorList()) {
            for (at::Tensor tensor : value.toTensorVector()) results.push_back(unboxed(std::move(tensor)));
        } else {
            results.push_back(unboxed(std::move(value)));
        }
    }
    return results;
}

}  // namespace

void ctorch::remember(const char *message) {
    last_error = message;
    last_error.resize(std::min(last_error.find('\n'), last_error.size()));
}

const char *ctorch_last_error(void) { return last_error.c_str(); }
const char *ctorch_version(void) { return TORCH_VERSION; }

ctorch_operator ctorch_find_operator(const char *name, const char *overload) {
    return guarded<ctorch_operator>(nullptr, [&] {
        auto found = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
        return reinterpret_cast<ctorch_operator>(new c10::OperatorHandle(found));
    });
}

int32_t ctorch_call(ctorch_operator op, const ctorch_value *arguments, int32_t argument_count, ctorch_value *results,
                    int32_t result_capacity) {
    return guarded<int32_t>(-1, [&] {
        const auto &found = *reinterpret_cast<const c10::OperatorHandle *>(op);
        const auto &declared = found.schema().arguments();
        TORCH_CHECK(static_cast<size_t>(argument_count) <= declared.size(), found.schema().name(), " takes ",
                    declared.size(), " arguments, not ", argument_count);
        torch::jit::Stack stack;
        stack.reserve(declared.size());
        for (int32_t i = 0; i < argument_count; i++) {
            // An empty list of optionals may be one of numbers just as well; only the schema knows.
            auto list = declared[i].type()->cast<c10::ListType>();
            if (list && arguments[i].kind == CTORCH_OPTIONAL_TENSORS && arguments[i].count == 0) {
                stack.push_back(c10::impl::GenericList(list->getElementType()));
            } else {
                stack.push_back(boxed(arguments[i]));
            }
        }
        for (size_t i = argument_count; i < declared.size(); i++) {
            TORCH_CHECK(declared[i].default_value(), found.schema().name(), " needs '", declared[i].name(), "'");
            stack.push_back(*declared[i].default_value());
        }
        found.callBoxed(stack);
        if (stack.size() == 1 && stack[0].isTensor() && result_capacity > 0) {
            results[0] = unboxed(std::move(stack[0]));
            return 1;
        }
        auto values = unbox_all(stack);
        auto count = static_cast<int32_t>(values.size());
        TORCH_CHECK(count <= result_capacity, found.schema().name(), " returned ", count, " values, room is for ",
                    result_capacity);
        std::copy(values.begin(), values.end(), results);
        return count;
    });
}

ctorch_tensor ctorch_tensor_retain(ctorch_tensor tensor) { return handle(borrowed(tensor)); }

void ctorch_tensor_release(ctorch_tensor tensor) {
    c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim(impl(tensor));
}

int64_t ctorch_tensor_dimension(ctorch_tensor tensor) { return impl(tensor)->dim(); }
const int64_t *ctorch_tensor_sizes(ctorch_tensor tensor) { return impl(tensor)->sizes().data(); }
const int64_t *ctorch_tensor_strides(ctorch_tensor tensor) { return impl(tensor)->strides().data(); }
int64_t ctorch_tensor_count(ctorch_tensor tensor) { return impl(tensor)->numel(); }
int32_t ctorch_tensor_dtype(ctorch_tensor tensor) {
    return static_cast<int32_t>(c10::typeMetaToScalarType(impl(tensor)->dtype()));
}
int64_t ctorch_tensor_device(ctorch_tensor tensor) { return code(impl(tensor)->device()); }
bool ctorch_tensor_is_contiguous(ctorch_tensor tensor) { return impl(tensor)->is_contiguous(); }
void *ctorch_tensor_data(ctorch_tensor tensor) {
    return guarded<void *>(nullptr, [&] { return impl(tensor)->mutable_data(); });
}

bool ctorch_tensor_requires_grad(ctorch_tensor tensor) { return impl(tensor)->requires_grad(); }

bool ctorch_tensor_set_requires_grad(ctorch_tensor tensor, bool enabled) {
    return guarded(false, [&] {
        borrowed(tensor).set_requires_grad(enabled);
        return true;
    });
}

ctorch_tensor ctorch_tensor_grad(ctorch_tensor tensor) {
    return guarded<ctorch_tensor>(nullptr, [&]() -> ctorch_tensor {
        at::Tensor gradient = borrowed(tensor).grad();
        return gradient.defined() ? handle(std::move(gradient)) : nullptr;
    });
}

void ctorch_tensor_bump_version(ctorch_tensor tensor) { borrowed(tensor).unsafeGetTensorImpl()->bump_version(); }

void ctorch_tensor_set_grad(ctorch_tensor tensor, ctorch_tensor gradient) {
    borrowed(tensor).mutable_grad() = gradient ? borrowed(gradient) : at::Tensor();
}

bool ctorch_backward(ctorch_tensor root, ctorch_tensor gradient, bool retain_graph) {
    return guarded(false, [&] {
        torch::autograd::variable_list seeds;
        if (gradient) seeds.push_back(borrowed(gradient));
        torch::autograd::backward({borrowed(root)}, seeds, retain_graph);
        return true;
    });
}

bool ctorch_grad_enabled(void) { return c10::GradMode::is_enabled(); }
void ctorch_set_grad_enabled(bool enabled) { c10::GradMode::set_enabled(enabled); }
void *ctorch_inference_begin(void) { return new c10::InferenceMode(true); }
void ctorch_inference_end(void *guard) { delete static_cast<c10::InferenceMode *>(guard); }

ctorch_generator ctorch_generator_create(int64_t device_code, uint64_t seed) {
    return guarded<ctorch_generator>(nullptr, [&] {
        auto target = device(device_code);
        auto made = target.is_cpu() ? at::detail::createCPUGenerator()
                                    : at::globalContext().defaultGenerator(target).clone();
        made.set_current_seed(seed);
        return reinterpret_cast<ctorch_generator>(new at::Generator(std::move(made)));
    });
}

ctorch_generator ctorch_generator_default(int64_t device_code) {
    return guarded<ctorch_generator>(nullptr, [&] {
        auto shared = at::globalContext().defaultGenerator(device(device_code));
        return reinterpret_cast<ctorch_generator>(new at::Generator(std::move(shared)));
    });
}

void ctorch_generator_release(ctorch_generator handle) { delete &generator(handle); }

void ctorch_generator_seed(ctorch_generator handle, uint64_t seed) {
    std::lock_guard<std::mutex> lock(generator(handle).mutex());
    generator(handle).set_current_seed(seed);
}

ctorch_tensor ctorch_generator_state(ctorch_generator source) {
    return guarded<ctorch_tensor>(nullptr, [&] {
        std::lock_guard<std::mutex> lock(generator(source).mutex());
        return handle(generator(source).get_state());
    });
}

bool ctorch_generator_set_state(ctorch_generator handle, ctorch_tensor state) {
    return guarded(false, [&] {
        std::lock_guard<std::mutex> lock(generator(handle).mutex());
        generator(handle).set_state(borrowed(state));
        return true;
    });
}

int32_t ctorch_thread_count(void) { return at::get_num_threads(); }
void ctorch_set_thread_count(int32_t count) { at::set_num_threads(count); }

ctorch_tensor ctorch_tensor_over(void *data, const int64_t *shape, int32_t dimensions, int32_t dtype, void *owner,
                                 void (*release)(void *)) {
    return ctorch::guarded<ctorch_tensor>(nullptr, [&] {
        auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype));
        return ctorch::handle(at::from_blob(
            data, at::IntArrayRef(shape, dimensions), [owner, release](void *) { release(owner); }, options));
    });
}

bool ctorch_tensor_adopt(ctorch_tensor tensor, ctorch_tensor source) {
    return ctorch::guarded(false, [&] {
        at::Tensor target = ctorch::borrowed(tensor), taken = ctorch::borrowed(source);
        TORCH_CHECK(target.sizes() == taken.sizes(), "memory of shape ", taken.sizes(), " for ", target.sizes());
        target.set_data(taken);
        return true;
    });
}

void ctorch_keep_freed_memory(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc takes
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 64 << 20);
#endif
}
