#include "ganymede/infer/npz_tensor.h"

#include <ATen/ATen.h>

#include <cstring>
#include <vector>

#include "ganymede/core/error.h"

namespace ganymede::infer {

void write_npz_tensors(const std::filesystem::path& path,
                       const std::map<std::string, at::Tensor>& tensors) {
  std::vector<at::Tensor> kept;
  std::map<std::string, media::ArrayView> arrays;
  for (const auto& [name, tensor] : tensors) {
    const bool wide = tensor.scalar_type() == at::kDouble;
    kept.push_back(tensor.detach().cpu().to(wide ? at::kDouble : at::kFloat).contiguous());
    const at::Tensor& array = kept.back();
    arrays[name] = {wide ? media::DType::kF64 : media::DType::kF32,
                    array.sizes().vec(),
                    {static_cast<const char*>(array.data_ptr()), array.nbytes()}};
  }
  media::write_npz(path, arrays);
}

at::Tensor npz_tensor(const std::map<std::string, media::NpyArray>& arrays, const std::string& name,
                      const std::filesystem::path& path) {
  const auto found = arrays.find(name);
  const bool floating = found != arrays.end() && (found->second.dtype == media::DType::kF32 ||
                                                  found->second.dtype == media::DType::kF64);
  if (!floating) {
    throw UsageError({.where = path.string(),
                      .found = found == arrays.end() ? "no array named " + name
                                                     : name + " is not of floating numbers",
                      .allowed = "an .npz file with " + name + " as float32 or float64"});
  }
  const media::NpyArray& array = found->second;
  const auto type = array.dtype == media::DType::kF64 ? at::kDouble : at::kFloat;
  at::Tensor tensor = at::empty(array.shape, type);
  std::memcpy(tensor.data_ptr(), array.bytes.data(), array.bytes.size());
  return tensor.to(at::kFloat);
}

}  // namespace ganymede::infer
