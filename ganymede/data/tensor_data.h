// A data set over tensors in memory.
#pragma once

#include "ganymede/data/dataset.h"

namespace ganymede::data {

class TensorData final : public Dataset {
 public:
  // batch.samples float32 [N, ...shape]; batch.labels int64 [N] in [0, spec.classes) (-1: none), or
  // undefined; batch.given float32 [N, ...] where spec.takes_given(). `kind` says what it is, for
  // messages. Throws UsageError when shapes disagree.
  TensorData(SampleSpec spec, const Batch& batch, std::string kind);

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return samples_.size(0); }
  void read(int64_t index, float* out) const override;
  void read_pair(int64_t index, Stream& random, float* sample, float* given) const override;
  int64_t label(int64_t index) const override;
  std::string kind() const override { return kind_; }
  std::string fingerprint() const override { return fingerprint_; }

 private:
  SampleSpec spec_;
  at::Tensor samples_, labels_, given_;
  std::string kind_, fingerprint_;
};

}  // namespace ganymede::data
