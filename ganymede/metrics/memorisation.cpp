#include "ganymede/metrics/memorisation.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/metrics/authenticity.h"
#include "ganymede/metrics/feature_checks.h"
#include "ganymede/metrics/neighbours.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kWhere = "metrics::memorisation";
constexpr double kLeastExcess = 0.01;
constexpr double kStandardErrors = 3;

// Rows that are the first of their kind.
at::Tensor distinct_rows(const at::Tensor& train) {
  const at::Tensor first = first_equal_row(train);
  const at::Tensor rows = at::nonzero(first == at::arange(train.size(0))).squeeze(1);
  if (rows.size(0) >= 3) return rows;
  throw UsageError({.where = kWhere,
                    .found = std::to_string(rows.size(0)) + " different training samples",
                    .allowed = "3 or more"});
}

struct Ratios {
  double copies = 0;
  double median = 0;
  double count = 0;
};

// neighbours: the two nearest. Both distances are 0 only where float64 cannot tell them apart.
Ratios ratios_of(const Neighbours& neighbours) {
  const at::Tensor first = neighbours.distances.select(1, 0);
  const at::Tensor second = neighbours.distances.select(1, 1);
  const at::Tensor ratio = (first / second).nan_to_num(1);
  return {.copies = ratio.lt(kCopyRatio).to(at::kDouble).mean().item<double>(),
          .median = ratio.quantile(0.5).item<double>(),
          .count = static_cast<double>(ratio.size(0))};
}

// Two proportions, each with one success and one failure added (after Agresti & Caffo 2000), so
// that few samples without any copy do not count as certainty.
bool exceeds(const Ratios& fake, const Ratios& unseen) {
  const auto variance = [](const Ratios& r) {
    const double share = (r.copies * r.count + 1) / (r.count + 2);
    return share * (1 - share) / (r.count + 2);
  };
  const double excess = fake.copies - unseen.copies;
  const double error = std::sqrt(variance(fake) + variance(unseen));
  return excess >= kLeastExcess && excess >= kStandardErrors * error;
}

}  // namespace

Memorisation memorisation(const at::Tensor& train, const at::Tensor& fake,
                          const at::Tensor& holdout) {
  const at::NoGradGuard no_grad;
  const at::Tensor all = checked_features(train, kWhere, 3);
  const at::Tensor rows = distinct_rows(all);
  const at::Tensor different = all.index_select(0, rows);
  const Neighbours found = nearest(fake, different, 2);
  const Ratios of_fakes = ratios_of(found);
  const Ratios of_unseen = ratios_of(holdout.defined() ? nearest(holdout, different, 2)
                                                       : nearest(different, different, 2, true));
  return {.authentic = authentic_share(all, fake),
          .copies = of_fakes.copies,
          .median_ratio = of_fakes.median,
          .unseen_copies = of_unseen.copies,
          .unseen_median_ratio = of_unseen.median,
          .flagged = exceeds(of_fakes, of_unseen),
          .nearest = rows.index_select(0, found.indices.select(1, 0)),
          .distances = found.distances.select(1, 0).contiguous()};
}

}  // namespace ganymede::metrics
