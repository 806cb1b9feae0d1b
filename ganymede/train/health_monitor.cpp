#include "ganymede/train/health_monitor.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ganymede::train {
namespace {

// What the statistics of a tick say.
void read_tick(const StatsLine& line, HealthSignals& signals) {
  for (const auto& [name, value] : line) {
    if (name.find('/') == std::string::npos) continue;
    if (!std::isfinite(value)) signals.finite = false;
    if (name.ends_with("/accuracy")) signals.accuracy = value;
    if (name.ends_with("/gradient_norm")) {
      signals.gradient_norm = std::fmax(signals.gradient_norm, value);
    }
  }
}

}  // namespace

HealthMonitor::HealthMonitor(std::unique_ptr<HealthProbe> probe, double interval_kimg)
    : probe_(std::move(probe)), interval_kimg_(interval_kimg) {}

void HealthMonitor::begin() { probe_->look(); }

void HealthMonitor::restore(const nlohmann::json& state, const std::vector<StatsLine>& lines) {
  judge_ = {};
  skipped_ = 0;
  last_kimg_ = 0;
  for (const StatsLine& line : lines) {
    if (!line.contains("health/finite")) continue;
    judge_.add(HealthSignals::of(line));
    last_kimg_ = line.at("kimg");
  }
  if (state.is_object()) {
    probe_->restore(state.at("probe"));
    skipped_ = state.at("skipped");
  }
}

nlohmann::json HealthMonitor::state() const {
  return {{"probe", probe_->state()}, {"skipped", skipped_}};
}

void HealthMonitor::observe(StatsLine& line) {
  const double kimg = line.at("kimg");
  if (const auto found = line.find("skipped_updates"); found != line.end()) {
    skipped_ += found->second;
  }
  // 0.15 / 0.05 is a little less than 3.
  const auto due = [&](double at) { return std::floor(at / interval_kimg_ + 1e-6); };
  HealthSignals tick;
  read_tick(line, tick);
  if (due(kimg) > due(last_kimg_) || !tick.finite) {
    HealthSignals signals = probe_->look();
    signals.finite = signals.finite && tick.finite;
    signals.accuracy = tick.accuracy;
    signals.gradient_norm = tick.gradient_norm;
    signals.skipped = skipped_;
    line.merge(signals.line());
    judge_.add(signals);
    last_kimg_ = kimg;
    skipped_ = 0;
  }
  if (health()) line["health"] = static_cast<double>(health()->word);
}

}  // namespace ganymede::train
