#include "ganymede/metrics/weight_reader.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "ganymede/core/error.h"
#include "ganymede/media/array.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kNamedProblems = 6;

// What is wrong with a tensor that should be of `shape`; empty when nothing is.
std::string fault(const at::Tensor& tensor, at::IntArrayRef shape) {
  if (!tensor.defined() || tensor.sizes() != shape) {
    const std::string found = tensor.defined() ? media::shape_text(tensor.sizes()) : "undefined";
    return "is " + found + ", expected " + media::shape_text(shape);
  }
  if (!tensor.is_floating_point()) return "is not floating point";
  return tensor.isfinite().all().item<bool>() ? "" : "has values that are not finite";
}

}  // namespace

WeightReader::WeightReader(const nn::TensorMap& tensors, std::string where)
    : tensors_(tensors), where_(std::move(where)) {
  for (const auto& [name, tensor] : tensors) left_.insert(name);
}

at::Tensor WeightReader::take(const std::string& name, at::IntArrayRef shape) {
  const at::NoGradGuard no_grad;
  left_.erase(name);
  const auto found = tensors_.find(name);
  const std::string problem = found == tensors_.end() ? "is missing" : fault(found->second, shape);
  if (problem.empty()) return found->second.detach().to(at::kCPU, at::kDouble);
  if (++problem_count_ <= kNamedProblems) problems_ += " " + name + " " + problem + ";";
  return at::zeros(shape, at::kDouble);
}

void WeightReader::ignore(const std::string& suffix) {
  std::erase_if(left_, [&](const std::string& name) { return name.ends_with(suffix); });
}

void WeightReader::finish(const std::string& network) const {
  std::string problems = problems_;
  if (problem_count_ > kNamedProblems) {
    problems += fmt::format(" and {} more;", problem_count_ - kNamedProblems);
  }
  if (!left_.empty()) {
    problems += fmt::format(" {} tensors are no part of it ({});", left_.size(), *left_.begin());
  }
  if (problems.empty()) return;
  problems.pop_back();
  throw ModelError({.where = where_,
                    .found = "the tensors do not fit " + network + ":" + problems,
                    .remedy = "docs/features.md says how such a file is made"});
}

}  // namespace ganymede::metrics
