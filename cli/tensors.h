// Tables of named tensors.
#pragma once

#include <nlohmann/json.hpp>

#include "ganymede/media/tensor_safetensors.h"

namespace ganymede::cli {

// Name, type, shape and bytes of each, as a table on stdout.
void print_tensors(const media::TensorMap& tensors);

// [{"name", "type", "shape"}, ...]
nlohmann::json json_of(const media::TensorMap& tensors);

// "64 x 3 x 4 x 4" or "scalar".
std::string shape_text(const std::vector<int64_t>& shape);

}  // namespace ganymede::cli
