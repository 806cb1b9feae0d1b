// PyTorch checkpoints (.pt, .pth) read without running anything that is in them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "ganymede/interop/pickle.h"

namespace ganymede::interop {

struct TorchFileLimits {
  PickleLimits pickle = {};
  size_t tensors = size_t{1} << 20;
  size_t depth = 64;                         // of dictionaries and lists in each other
  uint64_t steps = uint64_t{1} << 22;        // values looked at on the way through them
  size_t name_bytes = 1024;                  // of a flattened name
  uint64_t view_bytes = uint64_t{64} << 20;  // that tensors together may have, or
  uint64_t view_factor = 8;                  // this often the file's size (shared, expanded)
};

// Every tensor of a file that torch.save wrote: the zip form (PyTorch 1.6 and later) and the stream
// form before it. Names are the keys on the way to the tensor joined with dots
// ("g_ema.conv.weight"; list items by position); a file that is one tensor calls it "tensor".
// Numbers, text and other values beside the tensors are passed over.
//
// CPU tensors of the stored type with the file's strides; tensors that shared memory when they were
// saved share it again. Memory: the storages that tensors use, and the limits above.
//
// Throws ModelError for files that ask for anything but data (naming what they want to run), that
// are damaged, exceed a limit, were made on a big-endian machine or hold a TorchScript program;
// FileError when the file is missing or cannot be read.
std::map<std::string, at::Tensor> read_torch_file(const std::filesystem::path& path,
                                                  const TorchFileLimits& limits = {});
std::map<std::string, at::Tensor> read_torch_file(const media::ByteSource& source,
                                                  const TorchFileLimits& limits = {});

// Whether a file begins like one of the two forms (zip, or the stream's magic number); FileError
// when it cannot be read.
bool is_torch_file(const std::filesystem::path& path);

}  // namespace ganymede::interop
