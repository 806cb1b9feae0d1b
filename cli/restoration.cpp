#include "cli/restoration.h"

#include <algorithm>
#include <filesystem>

#include "ganymede/core/error.h"
#include "ganymede/data/find.h"

namespace ganymede::cli {
namespace {

data::DataConfig config_of(const Judged& judged, const DataFlags& flags,
                           const std::string& degrade) {
  data::DataConfig config = metrics::whole_pictures(*judged.learned_from);
  config.channels = judged.subject.spec.shape.at(0) == 1 ? "grey" : "rgb";
  if (!degrade.empty()) config.degrade = degrade;
  if (!flags.path.empty()) {
    config.path = flags.path;
    config.split = flags.split.empty() ? "all" : flags.split;
  } else if (!flags.split.empty()) {
    config.split = flags.split;
  }
  return config;
}

std::shared_ptr<data::Dataset> open(const data::DataConfig& config, Progress* progress) {
  return data::open_degraded(data::find_data(config.path), config, progress);
}

}  // namespace

bool restores(const Judged& judged, const std::vector<std::string>& metrics) {
  if (!judged.restore || !judged.learned_from || judged.learned_from->form != "degraded")
    return false;
  return std::ranges::all_of(metrics, [](const std::string& name) {
    return metrics::find_metric(name).needs_any(metrics::Metric::kPairs);
  });
}

metrics::Restoration judge_pictures(const Judged& judged, const DataFlags& data,
                                    const RestorationFlags& flags, Progress* progress) {
  data::DataConfig config = config_of(judged, data, flags.degrade);
  std::shared_ptr<data::Dataset> pictures;
  if (data.path.empty() && data.split.empty() && config.split == "train") {
    config.split = "test";
    try {
      pictures = open(config, nullptr);
    } catch (const DataError&) {  // there is no test split
      config.split = "train";
    }
  }
  if (!pictures) pictures = open(config, progress);
  metrics::RestorationOptions options;
  options.metrics = flags.metrics;
  options.seed = static_cast<uint64_t>(flags.seed);
  options.subject = judged.subject.name;
  options.subject_kind = judged.subject.kind;
  options.checkpoint = judged.subject.checkpoint;
  options.kimg = judged.subject.kimg;
  options.data = config;
  return metrics::judge_restoration(static_cast<const data::DegradedData&>(*pictures),
                                    judged.restore, options, progress);
}

}  // namespace ganymede::cli
