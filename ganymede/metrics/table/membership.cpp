#include "ganymede/metrics/table/membership.h"

#include "ganymede/metrics/roc.h"
#include "ganymede/metrics/table/closest_record.h"

namespace ganymede::metrics {
namespace {

std::vector<double> closeness(const PlainTable& rows, const PlainTable& synthetic) {
  std::vector<double> scores = closest_distances(rows, synthetic);
  for (double& score : scores) score = -score;
  return scores;
}

}  // namespace

MembershipAttack membership_attack(const PlainTable& members, const PlainTable& others,
                                   const PlainTable& synthetic) {
  constexpr double kFalsePositives = 0.01;
  const std::vector<double> inside = closeness(members, synthetic);
  const std::vector<double> outside = closeness(others, synthetic);
  return {roc_auc(inside, outside), true_positive_rate(inside, outside, kFalsePositives)};
}

}  // namespace ganymede::metrics
