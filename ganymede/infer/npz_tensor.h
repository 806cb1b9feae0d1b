// Tensors as arrays of .npz files.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

#include "ganymede/media/npy.h"

namespace ganymede::infer {

// Arrays of float32 or float64 by name; tensors are made contiguous on the CPU.
void write_npz_tensors(const std::filesystem::path& path,
                       const std::map<std::string, at::Tensor>& tensors);

// `name` of a file that was read, as float32. Throws UsageError with `path` when it is missing or
// holds other than floating numbers.
at::Tensor npz_tensor(const std::map<std::string, media::NpyArray>& arrays, const std::string& name,
                      const std::filesystem::path& path);

}  // namespace ganymede::infer
