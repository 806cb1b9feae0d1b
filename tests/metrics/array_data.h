// A data set out of a tensor.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ganymede/data/dataset.h"
#include "tests/data/support.h"

namespace ganymede::metrics::testing {

class ArrayData final : public data::Dataset {
 public:
  // values: float32 [N, ...shape]; labels: empty, or N of them.
  ArrayData(std::string domain, const at::Tensor& values, std::vector<int64_t> labels = {})
      : values_(values.to(at::kFloat).contiguous()), labels_(std::move(labels)) {
    spec_ = {.domain = std::move(domain), .shape = values.sizes().slice(1).vec()};
    if (!labels_.empty()) spec_.classes = *std::ranges::max_element(labels_) + 1;
  }

  const at::Tensor& values() const { return values_; }
  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return values_.size(0); }
  void read(int64_t index, float* out) const override {
    std::copy_n(values_.const_data_ptr<float>() + index * spec_.elements(), spec_.elements(), out);
  }
  int64_t label(int64_t index) const override {
    return labels_.empty() ? -1 : labels_[static_cast<size_t>(index)];
  }
  std::string kind() const override { return "array"; }
  std::string fingerprint() const override { return "0123456789abcdef"; }

 private:
  SampleSpec spec_;
  at::Tensor values_;
  std::vector<int64_t> labels_;
};

}  // namespace ganymede::metrics::testing
