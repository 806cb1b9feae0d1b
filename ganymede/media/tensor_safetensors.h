// Safetensors to and from LibTorch tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "ganymede/media/array.h"
#include "ganymede/media/byte_source.h"

namespace ganymede::media {

using TensorMap = std::map<std::string, at::Tensor>;

// Both throw ModelError for types without a counterpart (complex, quantized, 8-bit floats).
DType dtype_of(at::ScalarType type);
at::ScalarType scalar_type_of(DType dtype);

// The bytes of a safetensors file. Tensors may lie on any device and need not be contiguous;
// undefined and sparse ones are refused (ModelError). Equal tensors give equal bytes.
std::string encode_tensors(const TensorMap& tensors,
                           const std::map<std::string, std::string>& metadata = {});

// CPU tensors that own their (aligned) memory; no more than the data is held at any time.
// Throws ModelError naming file and tensor.
TensorMap decode_tensors(const std::filesystem::path& path);
TensorMap decode_tensors(std::string bytes, const std::string& name);
TensorMap decode_tensors(const ByteSource& source);

}  // namespace ganymede::media
