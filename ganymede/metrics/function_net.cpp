#include "ganymede/metrics/function_net.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/metrics/image_batches.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kBatch = 64;

}  // namespace

FunctionFeatureNet::FunctionFeatureNet(std::string name, std::string sha256, int64_t dim,
                                       Function function)
    : name_(std::move(name)),
      sha256_(std::move(sha256)),
      dim_(dim),
      function_(std::move(function)) {
  if (dim < 1) {
    throw UsageError({.where = "features of " + name_,
                      .found = std::to_string(dim) + " features",
                      .allowed = "1 or more"});
  }
}

at::Tensor FunctionFeatureNet::features(const at::Tensor& samples) const {
  return in_batches(samples, kBatch, dim_, [this](const at::Tensor& batch) {
    at::Tensor found = function_(batch);
    if (found.dim() == 2 && found.size(0) == batch.size(0) && found.size(1) == dim_) return found;
    throw UsageError({.where = "features of " + name_,
                      .found = "a function that returns another shape",
                      .allowed = "[N, " + std::to_string(dim_) + "]"});
  });
}

std::unique_ptr<FeatureNet> identity_net(const SampleSpec& spec) {
  return std::make_unique<FunctionFeatureNet>("identity", sha256_hex(""), spec.elements(),
                                              [shape = spec.shape](const at::Tensor& samples) {
                                                check_samples(samples, shape, "identity");
                                                return samples.flatten(1);
                                              });
}

}  // namespace ganymede::metrics
