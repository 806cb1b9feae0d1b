#include "ganymede/train/classifier_probe.h"

#include <algorithm>
#include <cmath>

#include "ganymede/gans/sampling.h"
#include "ganymede/metrics/classification.h"
#include "ganymede/metrics/subject.h"

namespace ganymede::train {
namespace {

Batch first_of(const data::Dataset& test, int64_t count) {
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < std::min(count, test.size()); ++i) {
    indices.push_back(metrics::stored_sample_at(i, test.size()));
  }
  return data::read_batch(test, indices);
}

}  // namespace

ClassifierProbe::ClassifierProbe(gans::Gan& gan, const data::Dataset& test, double interval_kimg,
                                 double start_kimg, const at::Device& device)
    : gan_(gan),
      test_(first_of(test, kSamples)),
      classes_(test.spec().classes),
      interval_kimg_(interval_kimg),
      device_(device),
      next_kimg_(start_kimg > 0 ? next_after(start_kimg) : 0) {}

// So a resumed run looks at the same moments.
double ClassifierProbe::next_after(double kimg) const {
  return interval_kimg_ > 0 ? (std::floor(kimg / interval_kimg_ + 1e-6) + 1) * interval_kimg_
                            : kimg;
}

bool ClassifierProbe::applies(const gans::Gan& gan, const data::Dataset* test) {
  if (test == nullptr || test->spec().classes < 2) return false;
  if (gan.classifier() == gans::Classifier::kFound) return true;
  return gan.classifier() == gans::Classifier::kData && test->spec().classes == gan.spec().classes;
}

void ClassifierProbe::observe(StatsLine& line) {
  const double now = line.at("kimg");
  if (now < next_kimg_) return;
  next_kimg_ = next_after(now);
  const bool found = gan_.classifier() == gans::Classifier::kFound;
  const double accuracy = metrics::judge_classes(gans::classify(gan_, test_.samples, device_),
                                                 test_.labels, classes_, found)
                              .accuracy;
  if (found) {
    line["test/category_accuracy"] = accuracy;
  } else {
    line["test/error"] = 1 - accuracy;
  }
}

}  // namespace ganymede::train
