// Adapters of the metrics that look at classes.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "ganymede/core/text.h"
#include "ganymede/metrics/classification.h"
#include "ganymede/metrics/frechet.h"
#include "ganymede/metrics/linear_probe.h"
#include "ganymede/metrics/measures.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kFitIterations = 100;
constexpr double kFitL2 = 1e-3;

at::Tensor features(const Evidence& evidence) {
  return evidence.features->features().to(at::kDouble);
}

at::Tensor rows_of(const at::Tensor& labels, int64_t label) {
  return labels.eq(label).nonzero().flatten();
}

// Standard error of a share of `count` samples.
double share_error(double share, int64_t count) {
  return std::sqrt(share * (1 - share) / static_cast<double>(std::max<int64_t>(count, 1)));
}

// Logits for the fakes of a linear classifier fitted to the reals, on standardised features.
at::Tensor fitted_logits(const Comparison& c) {
  const at::Tensor known = c.real.labels.ge(0).nonzero().flatten();
  const at::Tensor reals = features(c.real).index_select(0, known);
  const at::Tensor mean = reals.mean(0);
  const at::Tensor deviation = reals.std(0).clamp_min(1e-12);
  const SoftmaxFit fit =
      fit_softmax((reals - mean) / deviation, c.real.labels.index_select(0, known), c.class_count,
                  {.l2 = kFitL2, .iterations = kFitIterations});
  return at::linear((features(c.fake) - mean) / deviation, fit.weight, fit.bias);
}

double mean_of_known(const std::vector<double>& values) {
  double sum = 0;
  int64_t count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : kUnknown;
}

}  // namespace

Findings measure_class_accuracy(const Comparison& c) {
  const bool knows = c.net.classes() == c.class_count;
  const at::Tensor logits =
      knows ? c.net.class_probabilities(c.fake.features->features()) : fitted_logits(c);
  const Classification seen = judge_classes(logits, c.fake.labels, c.class_count, false);
  return {{.name = "class accuracy",
           .value = seen.accuracy,
           .better = Better::kHigher,
           .error = share_error(seen.accuracy, seen.samples),
           .per_class = seen.per_class,
           .note = knows ? "judged by " + c.net.name()
                         : "judged by a linear classifier on " + c.net.name() +
                               " features of the reference"}};
}

Findings measure_class_frechet(const Comparison& c) {
  std::vector<double> distances;
  int64_t few = 0;
  for (int64_t label = 0; label < c.class_count; ++label) {
    const at::Tensor real = rows_of(c.real.labels, label), fake = rows_of(c.fake.labels, label);
    distances.push_back(kUnknown);
    if (std::min(real.size(0), fake.size(0)) <= c.net.dim()) {
      ++few;
      continue;
    }
    FeatureStatistics reals(c.net.dim()), fakes(c.net.dim());
    reals.add(features(c.real).index_select(0, real));
    fakes.add(features(c.fake).index_select(0, fake));
    distances.back() = frechet_distance(reals, fakes).value;
  }
  return {{.name = c.net.distance_name() + " within classes",
           .value = mean_of_known(distances),
           .per_class = distances,
           .note = "mean over the classes",
           .warning = few == 0 ? ""
                               : fmt::format("{} classes have no more samples than the {} "
                                             "features and are left out: take a larger -n",
                                             few, c.net.dim())}};
}

Findings measure_classification(const Comparison& c) {
  const at::Tensor& stored = c.real.samples;
  const at::Tensor samples = stored.scalar_type() == at::kByte ? from_bytes(stored) : stored;
  const bool found = c.classes->found;
  const Classification seen =
      judge_classes(c.classes->classify(samples), c.real.labels.slice(0, 0, samples.size(0)),
                    c.class_count, found);
  const std::string note = format_count(seen.samples) + " reals named by the gan itself";
  const double error = share_error(seen.accuracy, seen.samples);
  if (found) {
    return {{.name = "category accuracy",
             .value = seen.accuracy,
             .better = Better::kHigher,
             .error = error,
             .per_class = seen.per_class,
             .note = note + ", categories matched to classes as well as possible"}};
  }
  std::vector<double> wrong;
  for (const double right : seen.per_class) wrong.push_back(1 - right);
  return {{.name = "classification error",
           .value = 1 - seen.accuracy,
           .error = error,
           .per_class = wrong,
           .note = note}};
}

}  // namespace ganymede::metrics
