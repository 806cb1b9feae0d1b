// Keeps the health of a run: looks at the game at intervals, judges, remembers.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "ganymede/train/health.h"
#include "ganymede/train/health_probe.h"
#include "ganymede/train/trainer.h"

namespace ganymede::train {

class HealthMonitor {
 public:
  // Judges at the first tick after every `interval_kimg`, and when a tick is not finite.
  HealthMonitor(std::unique_ptr<HealthProbe> probe, double interval_kimg);

  // The run starts at step 0.
  void begin();
  // The run goes on from a checkpoint: `state` is what state() gave there (or null), `lines` the
  // statistics up to it.
  void restore(const nlohmann::json& state, const std::vector<StatsLine>& lines);
  nlohmann::json state() const;
  // After restore(): the run came back here because of numbers that were not finite.
  void rolled_back() { ++skipped_; }

  // Completes the line of a tick: the word's code from the first judgement on, and the signals when
  // one is made.
  void observe(StatsLine& line);

  const std::optional<Health>& health() const { return judge_.health(); }

 private:
  std::unique_ptr<HealthProbe> probe_;
  double interval_kimg_;
  HealthJudge judge_;
  double last_kimg_ = 0;
  double skipped_ = 0;  // updates since the last look
};

}  // namespace ganymede::train
