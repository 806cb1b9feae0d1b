#include "ganymede/train/scorekeeper.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/log.h"
#include "ganymede/data/holdout.h"
#include "ganymede/media/checkpoints.h"
#include "ganymede/metrics/evaluation.h"
#include "ganymede/train/subject.h"

namespace ganymede::train {
namespace {

nlohmann::json to_json(const Scored& scored) {
  return {{"step", scored.step},
          {"kimg", scored.kimg},
          {"checkpoint", scored.checkpoint},
          {"record", metrics::to_json(scored.record)}};
}

metrics::EvaluationOptions options_of(const EvaluateConfig& config, const data::DataConfig& data) {
  metrics::EvaluationOptions options;
  options.metrics = config.metrics;
  options.samples = config.samples;
  options.repeats = config.seeds;
  options.features = config.features;
  options.cache = false;  // a run writes to its own folder only
  options.data = data;
  return options;
}

metrics::Subject subject_at(Trainer& trainer, const fs::path& checkpoint) {
  // The trainer outlives the evaluation.
  metrics::Subject subject = subject_of(
      std::shared_ptr<gans::Gan>(std::shared_ptr<void>(), &trainer.gan()), trainer.device());
  subject.name = checkpoint.string();
  subject.kind = "run";
  subject.checkpoint = checkpoint.string();
  subject.kimg = trainer.kimg();
  return subject;
}

// Of the checkpoint in `folder`; -1 when it is gone. Checkpoints less than a kimg apart share a
// folder, so that an earlier one's score is not the present one's.
int64_t steps_of(const fs::path& folder) {
  const fs::path manifest = folder / "manifest.json";
  if (!fs::is_regular_file(manifest)) return -1;
  const auto json = nlohmann::json::parse(read_file(manifest), nullptr, false);
  const nlohmann::json::json_pointer steps("/state/trainer/steps");
  return json.is_object() && json.contains(steps) ? json.at(steps).get<int64_t>() : -1;
}

// How far a score is from what it should be: less is better.
double loss_of(const metrics::Score& score) {
  if (score.better == metrics::Better::kHigher) return -score.value;
  if (score.better == metrics::Better::kLower) return score.value;
  return std::fabs(score.value - (std::isnan(score.floor) ? 0.0 : score.floor));
}

}  // namespace

std::vector<Scored> read_scores(const fs::path& path) {
  std::vector<Scored> scores;
  if (!fs::exists(path)) return scores;
  std::istringstream text(read_file(path));
  for (std::string row; std::getline(text, row);) {
    const auto json = nlohmann::json::parse(row, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("record")) continue;
    try {
      scores.push_back({.step = json.at("step"),
                        .kimg = json.at("kimg"),
                        .checkpoint = json.at("checkpoint"),
                        .record = metrics::record_from_json(json.at("record"), path.string())});
    } catch (const std::exception& error) {
      log_warning("a line is passed over: {}", error.what());
    }
  }
  return scores;
}

const metrics::Score* deciding_score(const metrics::Record& record, const std::string& best) {
  for (const metrics::Score& score : record.scores) {
    const bool named = score.name == best || score.metric == best;
    if (named && std::isfinite(score.value)) return &score;
  }
  return nullptr;
}

const Scored* best_of(const std::vector<Scored>& scores, const std::string& best) {
  const Scored* found = nullptr;
  double lowest = 0;
  for (const Scored& scored : scores) {
    const metrics::Score* score = deciding_score(scored.record, best);
    if (score == nullptr || (found != nullptr && loss_of(*score) >= lowest)) continue;
    found = &scored;
    lowest = loss_of(*score);
  }
  return found;
}

Scorekeeper::Scorekeeper(const EvaluateConfig& config, const RunFolder& folder,
                         const data::DataConfig& data, std::shared_ptr<const data::Dataset> dataset)
    : config_(config), folder_(folder), data_(data), dataset_(std::move(dataset)) {}

Scorekeeper::~Scorekeeper() = default;

void Scorekeeper::begin_at(int64_t step) {
  scores_ = read_scores(folder_.metrics());
  std::erase_if(scores_, [&](const Scored& scored) { return scored.step > step; });
  std::string kept;
  for (const Scored& scored : scores_) kept += to_json(scored).dump() + "\n";
  if (!kept.empty() || fs::exists(folder_.metrics())) write_file_atomic(folder_.metrics(), kept);
  write_best();
}

bool Scorekeeper::due(double kimg, bool last) const {
  if (config_.metrics.empty()) return false;
  const double before = scores_.empty() ? 0.0 : scores_.back().kimg;
  return (last && kimg > before) || kimg - before >= config_.interval_kimg * (1 - 1e-6);
}

const Scored& Scorekeeper::judge(Trainer& trainer, const fs::path& checkpoint) {
  if (!evaluator_) {
    metrics::EvaluationOptions options = options_of(config_, data_);
    if (data_.holdout > 0) {
      options.holdout = data::open_holdout(data_, std::const_pointer_cast<data::Dataset>(dataset_));
    }
    evaluator_ = std::make_unique<metrics::Evaluator>(dataset_, std::move(options));
  }
  const Scored scored = {.step = trainer.steps(),
                         .kimg = trainer.kimg(),
                         .checkpoint = checkpoint.filename().string(),
                         .record = evaluator_->evaluate(subject_at(trainer, checkpoint))};
  append_file(folder_.metrics(), to_json(scored).dump() + "\n", /*sync=*/true);
  scores_.push_back(scored);
  write_best();
  return scores_.back();
}

std::optional<Scored> Scorekeeper::best() const {
  std::vector<Scored> there = scores_;
  std::erase_if(there, [&](const Scored& scored) {
    return steps_of(folder_.checkpoints() / scored.checkpoint) != scored.step;
  });
  const Scored* found = best_of(there, config_.best);
  return found == nullptr ? std::nullopt : std::optional<Scored>(*found);
}

void Scorekeeper::write_best() const {
  const std::optional<Scored> found = best();
  if (!found) {
    std::error_code error;
    fs::remove(media::best_file(folder_.checkpoints()), error);
    return;
  }
  const metrics::Score& score = *deciding_score(found->record, config_.best);
  const nlohmann::json json = {{"checkpoint", found->checkpoint},
                               {"kimg", found->kimg},
                               {"metric", score.name},
                               {"value", score.value}};
  write_file_atomic(media::best_file(folder_.checkpoints()), json.dump(2) + "\n");
}

}  // namespace ganymede::train
