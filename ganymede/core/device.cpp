#include "ganymede/core/device.h"

#include <ATen/Context.h>
#include <ATen/core/Tensor.h>

#include <charconv>

#include "ganymede/core/error.h"

namespace ganymede {

int cuda_devices() {
  return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
}

c10::Device choose_device(const std::string& name, const std::string& where) {
  const int devices = cuda_devices();
  if (name == "cpu" || (name == "auto" && devices == 0)) return c10::kCPU;
  if (name == "auto") return {c10::kCUDA, 0};
  int index = 0;
  bool known = name == "cuda";
  if (name.starts_with("cuda:")) {
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + 5, end, index);
    known = parsed.ec == std::errc() && parsed.ptr == end && index >= 0;
  }
  if (!known) {
    throw UsageError(
        {.where = where, .found = "\"" + name + "\"", .allowed = "auto, cpu, cuda or cuda:n"});
  }
  if (index >= devices) {
    throw UsageError({.where = where,
                      .found = "\"" + name + "\", but LibTorch sees " + std::to_string(devices) +
                               " CUDA devices",
                      .remedy = "auto or cpu"});
  }
  return {c10::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

at::Tensor to_device(const at::Tensor& tensor, const c10::Device& device) {
  if (!device.is_cuda() || !tensor.is_cpu()) return tensor.to(device);
  const at::Tensor source = tensor.is_pinned() ? tensor : tensor.pin_memory();
  return source.to(device, /*non_blocking=*/true);
}

}  // namespace ganymede
