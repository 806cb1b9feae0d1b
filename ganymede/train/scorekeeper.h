// Metrics of a run's checkpoints, and which of them is the best.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ganymede/data/dataset.h"
#include "ganymede/metrics/score.h"
#include "ganymede/train/run_config.h"
#include "ganymede/train/run_folder.h"
#include "ganymede/train/trainer.h"

namespace ganymede::metrics {
class Evaluator;
}

namespace ganymede::train {

// What a checkpoint scored: one line of metrics.jsonl, {"step", "kimg", "checkpoint", "record"}.
struct Scored {
  int64_t step = 0;
  double kimg = 0;
  std::string checkpoint;  // its folder's name
  metrics::Record record;
};

// Lines of `path` in order; what a crash left incomplete is dropped.
std::vector<Scored> read_scores(const fs::path& path);

// The score that `best` names, by metric ("fd") or by its own name ("precision"); null when there
// is none.
const metrics::Score* deciding_score(const metrics::Record& record, const std::string& best);

// The checkpoint with the best deciding score, the earlier one of equals; null when none has one.
const Scored* best_of(const std::vector<Scored>& scores, const std::string& best);

// Judges checkpoints as they are made. The gan is sampled with its averaged weights; nothing of it
// or of the trainer changes.
class Scorekeeper {
 public:
  // `dataset` is the reference.
  Scorekeeper(const EvaluateConfig& config, const RunFolder& folder, const data::DataConfig& data,
              std::shared_ptr<const data::Dataset> dataset);
  ~Scorekeeper();

  // The run starts or goes on at `step`: forgets what was scored later and names the best anew
  // among the checkpoints that are there.
  void begin_at(int64_t step);
  // Whether the next checkpoint is to be judged.
  bool due(double kimg, bool last) const;
  // Judges the gan, which was just saved in `checkpoint`, and writes metrics.jsonl and best.json.
  // Throws what metrics::Evaluator throws, and FileError.
  const Scored& judge(Trainer& trainer, const fs::path& checkpoint);

  // Among the checkpoints that are there.
  std::optional<Scored> best() const;

 private:
  void write_best() const;

  EvaluateConfig config_;
  RunFolder folder_;
  data::DataConfig data_;
  std::shared_ptr<const data::Dataset> dataset_;
  std::unique_ptr<metrics::Evaluator> evaluator_;  // made at the first use
  std::vector<Scored> scores_;
};

}  // namespace ganymede::train
