#include "ganymede/metrics/random_net.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/metrics/function_net.h"
#include "ganymede/metrics/image_batches.h"
#include "ganymede/nn/layers.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kDim = 128;

nn::ModulePtr halving(int64_t in, int64_t out) {
  return nn::conv(in, out,
                  {.kernel = 3,
                   .stride = 2,
                   .padding = 1,
                   .bias = false,
                   .weight_init = nn::Init::he_uniform(in * 9)});
}

}  // namespace

std::unique_ptr<FeatureNet> random_net(const SampleSpec& spec, uint64_t seed) {
  if (spec.domain != "image" || spec.shape.size() != 3) {
    throw UsageError({.where = "features random",
                      .found = "samples of the domain " + spec.domain,
                      .allowed = "images",
                      .remedy = "identity"});
  }
  const nn::ModulePtr net = nn::sequence(
      halving(spec.shape[0], 32), nn::leaky_relu(0.2, true), halving(32, 64),
      nn::leaky_relu(0.2, true), halving(64, kDim), nn::leaky_relu(0.2, true), nn::global_mean());
  net->initialize(seed, "features/random-conv");
  net->set_frozen(true);
  std::vector<at::Tensor> weights;
  for (const auto& [name, tensor] : net->state()) weights.push_back(tensor);
  return std::make_unique<FunctionFeatureNet>("random-conv", sha256_of(weights), kDim,
                                              [net, shape = spec.shape](const at::Tensor& images) {
                                                check_samples(images, shape, "random-conv");
                                                return net->forward(images);
                                              });
}

}  // namespace ganymede::metrics
