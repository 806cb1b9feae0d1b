#include "cli/critic_features.h"

#include <ATen/ATen.h>

#include <string_view>

#include "ganymede/infer/critic.h"
#include "ganymede/metrics/function_net.h"
#include "ganymede/metrics/image_batches.h"

namespace ganymede::cli {
namespace {

constexpr std::string_view kPrefix = "discriminator:";

std::string weights_sha256(const gans::Gan& gan) {
  std::vector<at::Tensor> all;
  for (const auto& [stem, tensors] : gan.state()) {
    for (const auto& [name, tensor] : tensors) all.push_back(tensor);
  }
  return metrics::sha256_of(all);
}

}  // namespace

std::shared_ptr<const metrics::FeatureNet> critic_feature_net(const std::string& features,
                                                              const std::string& device) {
  if (features.substr(0, kPrefix.size()) != kPrefix) return nullptr;
  const auto critic = std::make_shared<const infer::Critic>(
      infer::Critic::load(features.substr(kPrefix.size()), device));
  std::vector<int64_t> one = critic->spec().shape;
  one.insert(one.begin(), 1);
  const int64_t dim = critic->features(at::zeros(one)).size(1);
  return std::make_shared<const metrics::FunctionFeatureNet>(
      "discriminator", weights_sha256(critic->model().gan()), dim,
      [critic](const at::Tensor& samples) { return critic->features(samples); });
}

}  // namespace ganymede::cli
