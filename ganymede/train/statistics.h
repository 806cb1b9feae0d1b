// Means of named scalars over the steps since the last tick, kept as tensors so that the loop
// never waits for the device.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace ganymede::train {

// One line of stats.jsonl: {"step", "kimg", "images_per_s", ..., "<phase>/<term>"}.
using StatsLine = std::map<std::string, double>;

class Statistics {
 public:
  void add(const std::string& name, const at::Tensor& value);
  void add(const std::string& name, double value);
  // All sums of the other one; those on a device are copied, because a graph writes to them again.
  void add(const Statistics& other);
  // Means by name; empties the sums.
  std::map<std::string, double> take();
  bool empty() const { return sums_.empty(); }

 private:
  struct Sum {
    at::Tensor tensor;  // 0-d, device of the values
    double number = 0;
    int64_t count = 0;
  };
  std::map<std::string, Sum> sums_;
};

}  // namespace ganymede::train
