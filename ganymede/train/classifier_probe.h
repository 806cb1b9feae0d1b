// How well a gan's own classifier names samples that training never sees.
#pragma once

#include <memory>

#include "ganymede/data/dataset.h"
#include "ganymede/gans/gan.h"
#include "ganymede/train/statistics.h"

namespace ganymede::train {

class ClassifierProbe {
 public:
  static constexpr int64_t kSamples = 5000;

  // `gan` classifies (Gan::classifier); `test` has labels. Looks at the first tick after every
  // multiple of `interval_kimg` beyond `start_kimg`, at the first kSamples of a fixed order of
  // `test`.
  ClassifierProbe(gans::Gan& gan, const data::Dataset& test, double interval_kimg,
                  double start_kimg, const at::Device& device);

  // Whether there is anything to look at.
  static bool applies(const gans::Gan& gan, const data::Dataset* test);

  // When it is due: "test/error" (share of samples), or "test/category_accuracy" for categories
  // that the gan found itself (best matching).
  void observe(StatsLine& line);

 private:
  double next_after(double kimg) const;

  gans::Gan& gan_;
  Batch test_;
  int64_t classes_;
  double interval_kimg_;
  at::Device device_;
  double next_kimg_;
};

}  // namespace ganymede::train
