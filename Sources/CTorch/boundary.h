// What the sources of this target share: handles, and the wall that no exception passes.
#pragma once

#include "ctorch.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <string>

namespace ctorch {

void remember(const char *message);

/// Runs `body`; on any C++ exception remembers its first line and returns `failure`.
template <typename Result, typename Body>
Result guarded(Result failure, Body body) noexcept {
    try {
        return body();
    } catch (const c10::Error &error) {
        remember(error.what_without_backtrace());
    } catch (const std::exception &error) {
        remember(error.what());
    } catch (...) {
        remember("unknown C++ exception");
    }
    return failure;
}

/// A handle is the tensor's own intrusive pointer: no second allocation, and borrowing costs nothing.
inline at::TensorImpl *impl(ctorch_tensor handle) { return reinterpret_cast<at::TensorImpl *>(handle); }

inline ctorch_tensor handle(at::Tensor tensor) {
    return reinterpret_cast<ctorch_tensor>(tensor.unsafeReleaseTensorImpl());
}

inline at::Tensor borrowed(ctorch_tensor handle) {
    return at::Tensor(c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim_copy(impl(handle)));
}

}  // namespace ctorch
