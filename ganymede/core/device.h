// Where tensors live.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace ganymede {

// Number of CUDA devices that LibTorch can use (0 in a CPU build or without a driver).
int cuda_devices();

// "auto" (a CUDA device when there is one, else the CPU), "cpu", "cuda" or "cuda:n". Throws
// UsageError with `where` for other words and for devices that are not there.
c10::Device choose_device(const std::string& name, const std::string& where = "train.device");

}  // namespace ganymede
