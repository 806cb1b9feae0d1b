#include "ganymede/nn/virtual_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace ganymede::nn {
namespace {

constexpr double kEps = 1e-5;
constexpr char kReference[] = "reference";

// Dimensions of a picture, of which the statistics of one row are taken; none for [N, C].
std::vector<int64_t> places(const at::Tensor& rows) {
  std::vector<int64_t> dims;
  for (int64_t d = 2; d < rows.dim(); ++d) dims.push_back(d);
  return dims;
}

at::Tensor row_mean(const at::Tensor& rows) {
  return rows.dim() == 2 ? rows : rows.mean(places(rows));
}

// [C] or [N, C] beside [N, C, H, W].
at::Tensor per_channel(const at::Tensor& values, const at::Tensor& rows) {
  std::vector<int64_t> shape(static_cast<size_t>(rows.dim()), 1);
  shape[0] = values.dim() == 2 ? values.size(0) : 1;
  shape[1] = values.size(-1);
  return values.view(shape);
}

}  // namespace

VirtualBatchNorm::VirtualBatchNorm(int64_t channels, int64_t reference_rows, double gain_deviation)
    : reference_rows_(reference_rows),
      weight_(&parameter("weight", {channels}, Init::normal(1, gain_deviation))),
      bias_(&parameter("bias", {channels}, Init::constant(0))),
      mean_(&buffer("mean", {channels}, 0)),
      variance_(&buffer("variance", {channels}, 1)) {}

at::Tensor VirtualBatchNorm::forward(const at::Tensor& input) {
  if (ForwardScope::mode() != Mode::kTrain) return beside_reference(input, *mean_, *variance_);
  const at::Tensor reference = input.slice(0, 0, reference_rows_);
  const at::Tensor rows = input.slice(0, reference_rows_);
  const at::Tensor mean = row_mean(reference).mean(0);
  const at::Tensor variance = row_mean((reference - per_channel(mean, reference)).square()).mean(0);
  remember(mean, variance);
  return at::cat({normalised(reference, mean, variance), beside_reference(rows, mean, variance)},
                 0);
}

at::Tensor VirtualBatchNorm::beside_reference(const at::Tensor& rows, const at::Tensor& mean,
                                              const at::Tensor& variance) const {
  const double own = 1.0 / static_cast<double>(reference_rows_ + 1);
  const at::Tensor both = at::lerp(mean, row_mean(rows), own);
  const at::Tensor square = at::lerp(variance + mean.square(), row_mean(rows.square()), own);
  return normalised(rows, both, square - both.square());
}

at::Tensor VirtualBatchNorm::normalised(const at::Tensor& input, const at::Tensor& mean,
                                        const at::Tensor& variance) const {
  const at::Tensor scale = *weight_ * (variance + kEps).rsqrt();
  return at::addcmul(per_channel(*bias_, input), input - per_channel(mean, input),
                     per_channel(scale, input));
}

void VirtualBatchNorm::remember(const at::Tensor& mean, const at::Tensor& variance) {
  if (frozen()) return;
  const at::NoGradGuard no_grad;
  mean_->copy_(mean);
  variance_->copy_(variance);
}

VirtualBatch::VirtualBatch(ModulePtr body, int64_t reference_rows,
                           const std::vector<int64_t>& shape)
    : body_(std::move(body)) {
  std::vector<int64_t> full = shape;
  full.insert(full.begin(), reference_rows);
  child("body", body_);
  reference_ = &buffer(kReference, full, 0);
}

at::Tensor VirtualBatch::forward(const at::Tensor& input) {
  if (ForwardScope::mode() != Mode::kTrain) return body_->forward(input);
  return body_->forward(at::cat({*reference_, input}, 0)).slice(0, reference_->size(0));
}

void set_reference(Module& module, const at::Tensor& batch) {
  const at::NoGradGuard no_grad;
  module.each_buffer([&](const std::string& path, at::Tensor& tensor) {
    if (path == kReference || path.ends_with(std::string(".") + kReference)) tensor.copy_(batch);
  });
}

}  // namespace ganymede::nn
