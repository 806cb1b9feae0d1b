// Training in lower precision: which numbers the networks compute with, and the scale that keeps
// small gradients from vanishing.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "ganymede/train/run_config.h"

namespace ganymede::train {

// While it lives, products and convolutions of this thread run in `precision` on devices of this
// kind, the weights stay float32, and what needs the range (norms, exponentials, losses) does too:
// LibTorch's autocast. Nothing for kFloat32.
class Autocast {
 public:
  Autocast(const c10::Device& device, Precision precision);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  struct Before {
    c10::DeviceType device;
    bool enabled;
    at::ScalarType type;
  };
  std::optional<Before> before_;
};

// The factor of a float16 loss (Micikevicius et al. 2018, "Mixed precision training", arXiv
// 1710.03740): halved when a gradient overflows, doubled after kPatience updates without that.
class LossScale {
 public:
  double value() const { return value_; }
  // True where the update may be made.
  bool accept(bool finite);

  nlohmann::json state() const;
  void restore(const nlohmann::json& state);  // null: a checkpoint without it

 private:
  static constexpr int64_t kPatience = 2000;
  double value_ = 65536;
  int64_t good_ = 0;  // updates since the last change
};

}  // namespace ganymede::train
