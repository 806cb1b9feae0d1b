#include "ganymede/train/precision.h"

#include <ATen/autocast_mode.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ganymede::train {

Autocast::Autocast(const c10::Device& device, Precision precision) {
  if (precision == Precision::kFloat32) return;
  before_ = {device.type(), at::autocast::is_autocast_enabled(device.type()),
             at::autocast::get_autocast_dtype(device.type())};
  at::autocast::set_autocast_dtype(device.type(),
                                   precision == Precision::kBfloat16 ? at::kBFloat16 : at::kHalf);
  at::autocast::set_autocast_enabled(device.type(), true);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (!before_) return;
  // Weights that were turned into low precision once for the whole scope.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(before_->device, before_->enabled);
  at::autocast::set_autocast_dtype(before_->device, before_->type);
}

bool LossScale::accept(bool finite) {
  constexpr double kLeast = 1, kMost = 16777216;
  if (!finite) {
    value_ = std::max(kLeast, value_ / 2);
    good_ = 0;
    return false;
  }
  if (++good_ == kPatience) {
    value_ = std::min(kMost, 2 * value_);
    good_ = 0;
  }
  return true;
}

nlohmann::json LossScale::state() const { return {{"value", value_}, {"good", good_}}; }

void LossScale::restore(const nlohmann::json& state) {
  if (state.is_null()) return;
  value_ = state.at("value");
  good_ = state.at("good");
}

}  // namespace ganymede::train
