// A feature network made of a function: the discriminator's features for monitoring, or the
// samples' own values.
#pragma once

#include <functional>
#include <string>

#include "ganymede/metrics/feature_net.h"

namespace ganymede::metrics {

class FunctionFeatureNet final : public FeatureNet {
 public:
  using Function = std::function<at::Tensor(const at::Tensor& samples)>;

  // `function`: samples as FeatureNet::features takes them -> floating [N, dim], on any device. It
  // is called on at most 64 samples at a time, without gradients, and must treat each sample by
  // itself. `sha256`: of the weights behind it. UsageError for dim < 1.
  FunctionFeatureNet(std::string name, std::string sha256, int64_t dim, Function function);

  std::string name() const override { return name_; }
  std::string sha256() const override { return sha256_; }
  int64_t dim() const override { return dim_; }
  std::string resize_mode() const override { return "none"; }
  // Throws UsageError when the function returns another shape.
  at::Tensor features(const at::Tensor& samples) const override;

 private:
  std::string name_;
  std::string sha256_;
  int64_t dim_;
  Function function_;
};

// The values of a sample in order: what points and vectors are compared by.
std::unique_ptr<FeatureNet> identity_net(const SampleSpec& spec);

}  // namespace ganymede::metrics
