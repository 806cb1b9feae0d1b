// A mixture of normal distributions in one dimension by variational inference: Bishop 2006,
// "Pattern Recognition and Machine Learning", 10.2, with weights from a truncated Dirichlet process
// (Blei and Jordan 2006); the priors of scikit-learn's BayesianGaussianMixture, which CTGAN fits
// (Xu et al. 2019, arXiv 1907.00503, 4.2).
#pragma once

#include <cstdint>
#include <vector>

namespace ganymede::data {

struct MixtureMode {
  double mean = 0;
  double deviation = 1;
  double weight = 1;
  bool operator==(const MixtureMode&) const = default;
};

struct MixtureOptions {
  int64_t components = 10;
  double concentration = 1e-3;      // of the Dirichlet process
  double weight_threshold = 0.005;  // lighter components are left out
  int64_t iterations = 100;
  double tolerance = 1e-3;  // of the change of the evidence lower bound
  // More different values than this are joined to so many groups of neighbours first.
  int64_t most_points = 8192;
};

// Different values in ascending order with their counts.
struct WeightedPoints {
  std::vector<double> values;
  std::vector<double> counts;
};
WeightedPoints distinct_points(std::vector<double> values);  // finite ones

// Everything that the fit knows, all by component.
struct MixtureFit {
  std::vector<double> means, variances, weights;  // weights add up to 1
  double lower_bound = 0;
  int64_t iterations = 0;
};

// From hard assignments of the points to components (k-means). `labels[i]` in [0, components).
MixtureFit fit_mixture(const WeightedPoints& points, const std::vector<int64_t>& labels,
                       const MixtureOptions& options = {});

// Assignments by Lloyd's algorithm from quantiles of the different values.
std::vector<int64_t> nearest_centers(const WeightedPoints& points, int64_t components);

// The components that are heavier than the threshold, by ascending mean; at least one.
std::vector<MixtureMode> fit_modes(const WeightedPoints& points,
                                   const MixtureOptions& options = {});

// Share of each mode in a value, adding up to 1.
class Responsibilities {
 public:
  explicit Responsibilities(const std::vector<MixtureMode>& modes);
  // Good until the next call.
  const std::vector<double>& operator()(double value);

 private:
  std::vector<double> means_, scales_, logs_;  // of modes: mean, 1 / deviation, log height
  std::vector<double> shares_;
};

}  // namespace ganymede::data
