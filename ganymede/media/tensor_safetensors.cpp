#include "ganymede/media/tensor_safetensors.h"

#include <ATen/ATen.h>

#include <array>
#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/media/safetensors.h"

namespace ganymede::media {
namespace {

// In the order of DType.
constexpr std::array<at::ScalarType, 13> kTypes = {
    at::kBool, at::kByte,   at::kChar, at::kShort,    at::kUInt16, at::kInt,   at::kUInt32,
    at::kLong, at::kUInt64, at::kHalf, at::kBFloat16, at::kFloat,  at::kDouble};

at::Tensor plain_copy(const std::string& name, const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.layout() != at::kStrided || tensor.is_quantized()) {
    throw ModelError({.where = "tensor \"" + name + "\"",
                      .found = "undefined, sparse or quantized",
                      .allowed = "a dense tensor"});
  }
  return tensor.detach().resolve_conj().resolve_neg().to(at::kCPU).contiguous();
}

ArrayView view_of(const at::Tensor& tensor) {
  return {dtype_of(tensor.scalar_type()),
          tensor.sizes().vec(),
          {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()}};
}

}  // namespace

DType dtype_of(at::ScalarType type) {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i] == type) return static_cast<DType>(i);
  }
  throw ModelError({.where = "safetensors",
                    .found = std::string("tensor type ") + c10::toString(type),
                    .allowed = "bool, integers and floats of 8 to 64 bits"});
}

at::ScalarType scalar_type_of(DType dtype) { return kTypes.at(static_cast<size_t>(dtype)); }

std::string encode_tensors(const TensorMap& tensors,
                           const std::map<std::string, std::string>& metadata) {
  TensorMap copies;
  std::map<std::string, ArrayView> views;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor& copy = copies.emplace(name, plain_copy(name, tensor)).first->second;
    views.emplace(name, view_of(copy));
  }
  return encode_safetensors(views, metadata);
}

TensorMap decode_tensors(const std::filesystem::path& path) {
  return decode_tensors(ByteSource(path));
}

TensorMap decode_tensors(std::string bytes, const std::string& name) {
  return decode_tensors(ByteSource(std::move(bytes), name));
}

TensorMap decode_tensors(const ByteSource& source) {
  const SafetensorsHeader header = read_safetensors_header(source);
  TensorMap tensors;
  for (const SafetensorsEntry& entry : header.entries) {
    at::Tensor tensor =
        at::empty(entry.shape, at::TensorOptions().dtype(scalar_type_of(entry.dtype)));
    try {
      source.read(entry.offset, static_cast<char*>(tensor.mutable_data_ptr()), entry.bytes);
    } catch (const DataError& error) {
      throw ModelError(error.parts());
    }
    tensors.emplace(entry.name, std::move(tensor));
  }
  return tensors;
}

}  // namespace ganymede::media
