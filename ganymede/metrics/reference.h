// Real samples of an evaluation: gathered once, kept for every subject that is judged against them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ganymede/data/dataset.h"
#include "ganymede/metrics/evaluation.h"
#include "ganymede/metrics/evidence.h"

namespace ganymede::metrics {

class Reference {
 public:
  // `options` and `net` outlive the reference.
  Reference(std::shared_ptr<const data::Dataset> reals, const EvaluationOptions& options,
            const FeatureNet& net, const Wanted& wanted, bool needs_training);

  int64_t count() const;      // samples of real()
  int64_t work_left() const;  // samples that gather_all() has still to look at

  // Idempotent. Features come from options.statistics or the cache where they are there.
  void gather_all(Meter& meter);
  const Evidence& real() const { return real_; }          // empty before gather_all()
  const Evidence& training() const { return training_; }  // likewise, and unless needed

  // Reals that the model did not learn from: those of options.holdout, else `real` (a part of the
  // reference) when they are known to be such; null when there are none.
  const Evidence* holdout_beside(const Evidence& real) const;

  // Whether the training data are known and others than the reference; whether samples of the
  // reference are known to be among them.
  bool has_training() const { return training_data_ != nullptr; }
  bool learned_from() const { return learned_from_; }
  std::string training_fingerprint() const;
  int64_t training_size() const;  // of which training() may be a part

  // Samples on each side of a floor for figures over `samples`: as many where the data has them
  // beside real(), else half of the data.
  int64_t floor_count(int64_t samples) const;
  // Two sets of reals without a common sample. The first is real() or a part of it.
  std::pair<Evidence, Evidence> halves(int64_t samples, Meter& meter) const;

  // Classes of these, int64 [count]; undefined where the data have none.
  at::Tensor labels(int64_t first, int64_t count) const;
  // What these are made from, float32 [count, ...]; undefined where the data have no such thing.
  at::Tensor given(int64_t first, int64_t count) const;
  // Samples by their place in the fixed order of stored_sample_at().
  at::Tensor take(int64_t first, int64_t count) const;

 private:
  Evidence gather_part(const data::Dataset& data, const std::string& split, int64_t first,
                       int64_t count, Meter& meter, const std::string& what,
                       const std::filesystem::path& file) const;
  int64_t training_count() const;

  std::shared_ptr<const data::Dataset> data_;
  std::shared_ptr<const data::Dataset> training_data_;  // null: the reference itself
  const EvaluationOptions& options_;
  const FeatureNet& net_;
  Wanted wanted_;
  bool needs_training_;
  bool learned_from_ = false;
  bool gathered_ = false;
  Evidence real_;
  Evidence training_;
  Evidence holdout_;
};

}  // namespace ganymede::metrics
