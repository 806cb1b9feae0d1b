#include "ganymede/metrics/roc.h"

#include <algorithm>
#include <limits>

namespace ganymede::metrics {

double roc_auc(const std::vector<double>& positives, const std::vector<double>& negatives) {
  if (positives.empty() || negatives.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> sorted = negatives;
  std::sort(sorted.begin(), sorted.end());
  double wins = 0;
  for (const double score : positives) {
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), score);
    wins += static_cast<double>(low - sorted.begin()) + 0.5 * static_cast<double>(high - low);
  }
  return wins / static_cast<double>(positives.size()) / static_cast<double>(negatives.size());
}

double true_positive_rate(const std::vector<double>& positives,
                          const std::vector<double>& negatives, double false_positive_rate) {
  if (positives.empty() || negatives.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> sorted = negatives;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  // Scores at or above the threshold pass; it lies above the first negative that must not.
  const auto allowed =
      static_cast<size_t>(false_positive_rate * static_cast<double>(sorted.size()));
  if (allowed >= sorted.size()) return 1;
  const double bound = sorted[allowed];
  const auto passing = std::count_if(positives.begin(), positives.end(),
                                     [&](double score) { return score > bound; });
  return static_cast<double>(passing) / static_cast<double>(positives.size());
}

}  // namespace ganymede::metrics
