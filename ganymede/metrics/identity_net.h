// Points are their own features.
#pragma once

#include "ganymede/core/sample.h"
#include "ganymede/metrics/feature_net.h"

namespace ganymede::metrics {

class IdentityNet final : public FeatureNet {
 public:
  static constexpr const char* kName = "identity";

  // UsageError for samples that are not points.
  explicit IdentityNet(const SampleSpec& spec);

  std::string name() const override { return kName; }
  std::string sha256() const override;  // of no bytes: there are no weights
  int64_t dim() const override { return dim_; }
  std::string resize_mode() const override { return "none"; }
  at::Tensor features(const at::Tensor& samples) const override;

 private:
  int64_t dim_;
};

}  // namespace ganymede::metrics
