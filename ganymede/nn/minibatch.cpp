#include "ganymede/nn/minibatch.h"

#include <ATen/ATen.h>

#include "ganymede/nn/data_init.h"

namespace ganymede::nn {
namespace {

constexpr double kToItself = 1e6;  // so far away that exp(-distance) is 0

}  // namespace

MinibatchDiscrimination::MinibatchDiscrimination(int64_t in, const MinibatchOptions& options)
    : options_(options),
      theta_(&parameter("theta", {in, options.kernels, options.dims}, Init::normal(0, 0.05))),
      log_scale_(&parameter("log_scale", {options.kernels, options.dims}, Init::constant(0))),
      bias_(&parameter("bias", {options.kernels}, Init::constant(-1))) {}

at::Tensor MinibatchDiscrimination::forward(const at::Tensor& input) {
  const at::Tensor features = input.flatten(1);
  const at::Tensor distance = distances(features);
  if (DataInit::active()) return initialise(features, distance);
  return at::cat({features, (-distance).exp().sum(1) + *bias_}, 1);
}

// [N, N, B]
at::Tensor MinibatchDiscrimination::distances(const at::Tensor& features) const {
  const at::Tensor columns =
      *theta_ * (log_scale_->exp() / theta_->square().sum(0).sqrt()).unsqueeze(0);
  const at::Tensor rows = at::matmul(features, columns.flatten(1))
                              .view({features.size(0), options_.kernels, options_.dims});
  at::Tensor distance = kToItself * at::eye(features.size(0), features.options()).unsqueeze(2);
  for (int64_t c = 0; c < options_.dims; ++c) {  // one at a time: N x N x B x C is much memory
    const at::Tensor row = rows.select(2, c);
    distance = distance + (row.unsqueeze(1) - row.unsqueeze(0)).abs();
  }
  return distance;
}

at::Tensor MinibatchDiscrimination::initialise(const at::Tensor& features, at::Tensor distance) {
  const at::Tensor half_nearest = 0.5 * distance.amin(1).mean(0);
  distance = distance / half_nearest;
  log_scale_->sub_(half_nearest.log().unsqueeze(1));
  const at::Tensor similarity = (-distance).exp().sum(1);
  const at::Tensor mean = similarity.mean(0);
  bias_->copy_(-mean);
  return at::cat({features, similarity - mean}, 1);
}

ModulePtr minibatch_discrimination(int64_t in, const MinibatchOptions& options) {
  return std::make_shared<MinibatchDiscrimination>(in, options);
}

}  // namespace ganymede::nn
