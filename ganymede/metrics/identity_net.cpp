#include "ganymede/metrics/identity_net.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"

namespace ganymede::metrics {

IdentityNet::IdentityNet(const SampleSpec& spec) : dim_(spec.elements()) {
  if (spec.domain == "points") return;
  throw UsageError({.where = "--features identity",
                    .found = "samples of the domain " + spec.domain,
                    .allowed = "points",
                    .remedy = "--features pca"});
}

std::string IdentityNet::sha256() const { return sha256_hex(""); }

at::Tensor IdentityNet::features(const at::Tensor& samples) const {
  if (samples.dim() == 2 && samples.size(1) == dim_) return samples.to(at::kCPU, at::kFloat);
  throw UsageError({.where = "identity features",
                    .found = fmt::format("samples {}", fmt::join(samples.sizes(), " x ")),
                    .allowed = fmt::format("N x {}", dim_)});
}

}  // namespace ganymede::metrics
