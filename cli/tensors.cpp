#include "cli/tensors.h"

#include <ATen/ATen.h>

#include "cli/command.h"
#include "ganymede/core/text.h"

namespace ganymede::cli {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t size : shape) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text.empty() ? "scalar" : text;
}

void print_tensors(const media::TensorMap& tensors) {
  std::vector<std::vector<std::string>> rows = {{"TENSOR", "TYPE", "SHAPE", "BYTES"}};
  for (const auto& [name, tensor] : tensors) {
    rows.push_back({name, std::string(media::dtype_name(media::dtype_of(tensor.scalar_type()))),
                    shape_text(tensor.sizes().vec()),
                    format_count(tensor.numel() * static_cast<int64_t>(tensor.element_size()))});
  }
  print_table(rows);
}

nlohmann::json json_of(const media::TensorMap& tensors) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [name, tensor] : tensors) {
    list.push_back({{"name", name},
                    {"type", media::dtype_name(media::dtype_of(tensor.scalar_type()))},
                    {"shape", tensor.sizes().vec()}});
  }
  return list;
}

}  // namespace ganymede::cli
