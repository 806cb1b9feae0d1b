#include "ganymede/train/statistics.h"

#include <ATen/ATen.h>

namespace ganymede::train {

void Statistics::add(const std::string& name, const at::Tensor& value) {
  Sum& sum = sums_[name];
  const at::Tensor scalar = value.detach();
  sum.tensor = sum.tensor.defined() ? sum.tensor + scalar : scalar;
  ++sum.count;
}

void Statistics::add(const std::string& name, double value) {
  Sum& sum = sums_[name];
  sum.number += value;
  ++sum.count;
}

void Statistics::add(const Statistics& other) {
  for (const auto& [name, from] : other.sums_) {
    Sum& sum = sums_[name];
    if (from.tensor.defined())
      sum.tensor = sum.tensor.defined() ? sum.tensor + from.tensor : from.tensor.clone();
    sum.number += from.number;
    sum.count += from.count;
  }
}

std::map<std::string, double> Statistics::take() {
  std::map<std::string, double> means;
  for (const auto& [name, sum] : sums_) {
    const double total = sum.number + (sum.tensor.defined() ? sum.tensor.item<double>() : 0.0);
    means[name] = total / static_cast<double>(sum.count);
  }
  sums_.clear();
  return means;
}

}  // namespace ganymede::train
