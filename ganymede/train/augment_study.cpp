#include "ganymede/train/augment_study.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ganymede/core/error.h"
#include "ganymede/data/tensor_data.h"
#include "ganymede/metrics/linear_probe.h"
#include "ganymede/train/feature_training.h"

namespace ganymede::train {
namespace {

constexpr int64_t kJudgeBatch = 500;

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Batch joined(const Batch& a, const Batch& b) {
  return {at::cat({a.samples, b.samples}), at::cat({a.labels, b.labels})};
}

double linear(const SampleSpec& spec, const Batch& train, const Batch& test, uint64_t seed) {
  return metrics::linear_probe(train.samples.flatten(1), train.labels, test.samples.flatten(1),
                               test.labels, spec.classes, {.seed = seed})
      .accuracy;
}

double convolutional(const SampleSpec& spec, const Batch& train, const Batch& test, uint64_t seed,
                     double kimg) {
  const data::TensorData set(spec, train, "training samples");
  const metrics::TrainedNet net =
      train_feature_net(set, {.kind = "classifier", .kimg = kimg, .batch = 32, .seed = seed});
  const at::NoGradGuard no_grad;
  int64_t right = 0;
  for (int64_t begin = 0; begin < test.size(); begin += kJudgeBatch) {
    const int64_t count = std::min(kJudgeBatch, test.size() - begin);
    right += net.head->forward(net.encoder->forward(test.samples.narrow(0, begin, count)))
                 .argmax(1)
                 .eq(test.labels.narrow(0, begin, count))
                 .sum()
                 .item<int64_t>();
  }
  return static_cast<double>(right) / static_cast<double>(test.size());
}

void check(const SampleSpec& spec, std::initializer_list<const Batch*> all) {
  for (const Batch* batch : all) {
    const bool labelled = batch->labels.defined() && batch->size() > 0 &&
                          batch->labels.min().item<int64_t>() >= 0 &&
                          batch->labels.max().item<int64_t>() < spec.classes;
    if (spec.domain == "image" && spec.classes >= 2 && labelled) continue;
    throw UsageError({.where = "train::augment_study",
                      .found = "samples without classes, or no images",
                      .allowed = "labelled images of two classes or more"});
  }
}

}  // namespace

double AugmentStudyRow::mean_real() const { return mean(real); }

double AugmentStudyRow::mean_both() const { return mean(both); }

double AugmentStudyRow::standard_error() const {
  const auto n = static_cast<double>(real.size());
  if (real.size() < 2) return 0;
  double squares = 0;
  for (size_t i = 0; i < real.size(); ++i) {
    const double deviation = both[i] - real[i] - gain();
    squares += deviation * deviation;
  }
  return std::sqrt(squares / (n - 1) / n);
}

std::vector<AugmentStudyRow> augment_study(const SampleSpec& spec, const Batch& real,
                                           const Batch& generated, const Batch& test,
                                           const AugmentStudyConfig& config, Progress* progress) {
  check(spec, {&real, &generated, &test});
  const Batch both = joined(real, generated);
  std::vector<AugmentStudyRow> rows = {{"linear, pixels", {}, {}}, {"convolutional", {}, {}}};
  const auto total = static_cast<double>(4 * config.repeats);
  double done = 0;
  const auto tell = [&] {
    if (progress != nullptr) progress->update({++done, total, {}});
  };
  for (int64_t i = 0; i < config.repeats; ++i) {
    const uint64_t seed = config.seed + static_cast<uint64_t>(i);
    for (const bool with : {false, true}) {
      const Batch& train = with ? both : real;
      (with ? rows[0].both : rows[0].real).push_back(linear(spec, train, test, seed));
      tell();
      (with ? rows[1].both : rows[1].real)
          .push_back(convolutional(spec, train, test, seed, config.kimg));
      tell();
    }
  }
  return rows;
}

}  // namespace ganymede::train
