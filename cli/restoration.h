// gan evaluate of models that restore pictures: whole ones, beside what needs no model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/judged.h"
#include "ganymede/metrics/restoration.h"

namespace ganymede::cli {

// Whether `judged` learned to undo damage and only metrics of pairs (or none) are asked for.
bool restores(const Judged& judged, const std::vector<std::string>& metrics);

struct RestorationFlags {
  std::string degrade;  // instead of the run's data.degrade; empty: that
  std::vector<std::string> metrics;
  int64_t seed = 0;
};

// The pictures of --data, or else those of the run's test split, or else those that it learned
// from.
metrics::Restoration judge_pictures(const Judged& judged, const DataFlags& data,
                                    const RestorationFlags& flags, Progress* progress);

}  // namespace ganymede::cli
