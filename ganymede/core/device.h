// Where tensors live.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>

namespace ganymede {

// Number of CUDA devices that LibTorch can use (0 in a CPU build or without a driver).
int cuda_devices();

// "auto" (a CUDA device when there is one, else the CPU), "cpu", "cuda" or "cuda:n". Throws
// UsageError with `where` for other words and for devices that are not there.
c10::Device choose_device(const std::string& name, const std::string& where = "train.device");

// `tensor`, which lies on the CPU, on `device`. Towards a GPU the copy goes through pinned memory
// and nobody waits for it.
at::Tensor to_device(const at::Tensor& tensor, const c10::Device& device);

}  // namespace ganymede
