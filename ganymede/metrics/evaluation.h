// Evaluation: samples of a subject against reference data by any metrics of the table, several
// times with other seeds, each figure beside its floor.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"
#include "ganymede/dist/group.h"
#include "ganymede/metrics/feature_net.h"
#include "ganymede/metrics/metric_table.h"
#include "ganymede/metrics/score.h"
#include "ganymede/metrics/subject.h"

namespace ganymede::metrics {

struct EvaluationOptions {
  std::vector<std::string> metrics = {};  // names of the table; none: default_metrics()
  // Real and generated, each; fewer where there are fewer, or fewer reals than samples that are
  // made from their like (pictures from pictures).
  int64_t samples = 5000;
  int64_t repeats = 3;
  uint64_t seed = 0;          // repeat r judges the samples of seeds seed + r * samples ...
  std::string features = {};  // as for open_feature_net; empty: default_features()
  std::shared_ptr<const FeatureNet> net = nullptr;  // opened already: instead of features, resize
  std::string resize = "clean";
  std::string digits = {};   // a classifier of digits, for stacked_modes
  std::string lpips = {};    // weights of LPIPS (.safetensors), for lpips and ppl
  std::string target = {};   // of a table: what learners predict; empty: default_target()
  bool allow_small = false;  // Frechet distances with no more samples than features
  bool quantise = true;      // round images to 8 bits, as files do
  bool floor = true;
  bool cache = true;  // keep the reference's features in the user's cache folder
  // The processes that share the work; each must evaluate the same subjects in the same order. All
  // get the same record as one process does; the first of them writes what is kept. Outlives the
  // evaluator; null: this process alone.
  dist::Group* group = nullptr;

  // How the reference was opened: for the record, and for the modes of built-in sets.
  data::DataConfig data = {};
  // What the model learned from, when it is known; memorisation is looked for in it, else in the
  // reference.
  std::shared_ptr<const data::Dataset> training = nullptr;
  std::string training_name = {};
  // Reals that the model did not learn from, where the reference is not known to be such.
  std::shared_ptr<const data::Dataset> holdout = nullptr;
  bool reference_seen = false;  // the model is known to have learned from samples of the reference
  int64_t training_samples = 60'000;  // looked through for copies
  // Statistics of the reference as a file: used when it is there, else written.
  std::filesystem::path statistics = {};
};

// Keeps what it found out about the reference, so that judging several subjects (checkpoints) costs
// little more than their samples. Not safe for several threads at once.
class Evaluator {
 public:
  // Throws UsageError for unknown metrics, metrics that this data or network cannot have, and
  // numbers out of range; what open_feature_net throws.
  Evaluator(std::shared_ptr<const data::Dataset> reference, EvaluationOptions options,
            Progress* progress = nullptr);
  ~Evaluator();

  const FeatureNet& net() const;

  // Samples that evaluate() takes from `subject` in each repeat, and the repeats.
  int64_t samples_of(const Subject& subject) const;
  int64_t repeats_of(const Subject& subject) const;

  // Throws UsageError when the subject is the reference itself, when its samples have another shape
  // than the reference's, or when a Frechet distance would see no more samples than features
  // (unless allow_small); NumericError for samples or features that are not finite.
  Record evaluate(const Subject& subject, Progress* progress = nullptr,
                  Exhibits* exhibits = nullptr);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same for a single subject. `reference` outlives the call only.
Record evaluate(const Subject& subject, const data::Dataset& reference,
                const EvaluationOptions& options, Progress* progress = nullptr,
                Exhibits* exhibits = nullptr);

}  // namespace ganymede::metrics
