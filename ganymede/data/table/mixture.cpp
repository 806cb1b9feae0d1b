#include "ganymede/data/table/mixture.h"

#include <math.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <tuple>

#include "ganymede/core/error.h"

namespace ganymede::data {
namespace {

constexpr double kRegularisation = 1e-6;  // added to variances, as scikit-learn does
constexpr int kLloydIterations = 300;
constexpr double kLogTwo = std::numbers::ln2;
const double kLogTwoPi = std::log(2 * std::numbers::pi);

// Derivative of log gamma: recurrence to x >= 6, then the asymptotic series
// (Abramowitz and Stegun 6.3.5, 6.3.18).
double digamma(double x) {
  constexpr double kAsymptotic = 10;
  double result = 0;
  for (; x < kAsymptotic; ++x) result -= 1 / x;
  const double inverse = 1 / (x * x);
  return result + std::log(x) - 0.5 / x -
         inverse *
             (1.0 / 12 - inverse * (1.0 / 120 - inverse * (1.0 / 252 - inverse * (1.0 / 240))));
}

// std::lgamma writes a global sign.
double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

double log_beta(double a, double b) { return log_gamma(a) + log_gamma(b) - log_gamma(a + b); }

double total_count(const WeightedPoints& points) {
  return std::accumulate(points.counts.begin(), points.counts.end(), 0.0);
}

double mean_of(const WeightedPoints& points) {
  double sum = 0;
  for (size_t i = 0; i < points.values.size(); ++i) sum += points.values[i] * points.counts[i];
  return sum / total_count(points);
}

// With n - 1, as numpy.cov.
double variance_of(const WeightedPoints& points, double mean) {
  double sum = 0;
  for (size_t i = 0; i < points.values.size(); ++i) {
    sum += points.counts[i] * (points.values[i] - mean) * (points.values[i] - mean);
  }
  return sum / std::max(total_count(points) - 1, 1.0);
}

// Mean-field variational inference for one dimension; the names follow Bishop 10.2 (beta: mean
// precision, nu: degrees of freedom) and the sticks of the Dirichlet process are Beta(a, b).
class Variational {
 public:
  Variational(const WeightedPoints& points, const std::vector<int64_t>& labels,
              const MixtureOptions& options)
      : points_(points),
        n_(points.values.size()),
        k_(static_cast<size_t>(options.components)),
        concentration_(options.concentration),
        prior_mean_(mean_of(points)),
        prior_variance_(variance_of(points, prior_mean_)),
        regularisation_(kRegularisation * std::min(1.0, prior_variance_)),
        share_(n_ * k_) {
    for (auto* values : {&count_, &a_, &b_, &beta_, &mean_, &nu_, &variance_}) values->resize(k_);
    for (size_t i = 0; i < n_; ++i) share_[i * k_ + static_cast<size_t>(labels[i])] = 1;
    maximise();
  }

  MixtureFit fit(const MixtureOptions& options) {
    MixtureFit result;
    double bound = -std::numeric_limits<double>::infinity();
    for (result.iterations = 1; result.iterations <= options.iterations; ++result.iterations) {
      const double entropy = expect();
      maximise();
      const double before = bound;
      bound = lower_bound(entropy);
      if (std::abs(bound - before) < options.tolerance) break;
    }
    result.iterations = std::min(result.iterations, options.iterations);
    result.lower_bound = bound;
    result.means = mean_;
    result.variances = variance_;
    result.weights = weights();
    return result;
  }

 private:
  // Shares of the components in each point; returns their entropy.
  double expect() {
    std::vector<double> constant(k_), precision(k_), log_share(k_);
    double sticks = 0;
    for (size_t k = 0; k < k_; ++k) {
      const double sum = digamma(a_[k] + b_[k]);
      const double log_weight = digamma(a_[k]) - sum + sticks;
      sticks += digamma(b_[k]) - sum;
      precision[k] = 1 / variance_[k];
      const double log_lambda = kLogTwo + digamma(0.5 * nu_[k]);
      constant[k] = log_weight - 0.5 * (kLogTwoPi + std::log(variance_[k]) + std::log(nu_[k])) +
                    0.5 * (log_lambda - 1 / beta_[k]);
    }
    double entropy = 0;
    for (size_t i = 0; i < n_; ++i) {
      double largest = -std::numeric_limits<double>::infinity();
      for (size_t k = 0; k < k_; ++k) {
        const double distance = points_.values[i] - mean_[k];
        log_share[k] = constant[k] - 0.5 * distance * distance * precision[k];
        largest = std::max(largest, log_share[k]);
      }
      double sum = 0;
      double* share = &share_[i * k_];
      for (size_t k = 0; k < k_; ++k) sum += share[k] = std::exp(log_share[k] - largest);
      const double log_sum = largest + std::log(sum);
      for (size_t k = 0; k < k_; ++k) {
        share[k] /= sum;
        if (share[k] > 0) entropy -= points_.counts[i] * share[k] * (log_share[k] - log_sum);
      }
    }
    return entropy;
  }

  void maximise() {
    constexpr double kSmall = 10 * std::numeric_limits<double>::epsilon();
    std::vector<double> sum(k_, 0.0), spread(k_, 0.0);
    std::fill(count_.begin(), count_.end(), kSmall);
    for (size_t i = 0; i < n_; ++i) {
      for (size_t k = 0; k < k_; ++k) {
        const double weight = points_.counts[i] * share_[i * k_ + k];
        count_[k] += weight;
        sum[k] += weight * points_.values[i];
      }
    }
    for (size_t k = 0; k < k_; ++k) sum[k] /= count_[k];
    for (size_t i = 0; i < n_; ++i) {
      for (size_t k = 0; k < k_; ++k) {
        const double distance = points_.values[i] - sum[k];
        spread[k] += points_.counts[i] * share_[i * k_ + k] * distance * distance;
      }
    }
    double behind = 0;
    for (size_t k = k_; k-- > 0;) {
      a_[k] = 1 + count_[k];
      b_[k] = concentration_ + behind;
      behind += count_[k];
      update(k, sum[k], spread[k] / count_[k] + regularisation_);
    }
  }

  // Priors: mean precision 1, one degree of freedom, the variance of the data.
  void update(size_t k, double mean, double spread) {
    const double away = mean - prior_mean_;
    beta_[k] = 1 + count_[k];
    nu_[k] = 1 + count_[k];
    mean_[k] = (prior_mean_ + count_[k] * mean) / beta_[k];
    variance_[k] =
        (prior_variance_ + count_[k] * spread + count_[k] / beta_[k] * away * away) / nu_[k];
  }

  // Up to a constant; of scikit-learn's form, whose change decides when to stop.
  double lower_bound(double entropy) const {
    double bound = entropy;
    for (size_t k = 0; k < k_; ++k) {
      const double log_precision = -0.5 * (std::log(variance_[k]) + std::log(nu_[k]));
      const double log_wishart =
          -(nu_[k] * log_precision + 0.5 * nu_[k] * kLogTwo + log_gamma(0.5 * nu_[k]));
      bound += log_beta(a_[k], b_[k]) - log_wishart - 0.5 * std::log(beta_[k]);
    }
    return bound;
  }

  std::vector<double> weights() const {
    std::vector<double> result(k_);
    double stick = 1, sum = 0;
    for (size_t k = 0; k < k_; ++k) {
      result[k] = a_[k] / (a_[k] + b_[k]) * stick;
      stick *= b_[k] / (a_[k] + b_[k]);
      sum += result[k];
    }
    for (double& weight : result) weight /= sum;
    return result;
  }

  const WeightedPoints& points_;
  size_t n_, k_;
  double concentration_, prior_mean_, prior_variance_, regularisation_;
  std::vector<double> share_;  // [points, components]
  std::vector<double> count_, a_, b_, beta_, mean_, nu_, variance_;
};

// Neighbours joined to groups of about equal count.
WeightedPoints grouped(const WeightedPoints& points, int64_t most) {
  if (static_cast<int64_t>(points.values.size()) <= most) return points;
  const double step = total_count(points) / static_cast<double>(most);
  WeightedPoints groups;
  double sum = 0, count = 0;
  for (size_t i = 0; i < points.values.size(); ++i) {
    sum += points.values[i] * points.counts[i];
    count += points.counts[i];
    if (count < step && i + 1 < points.values.size()) continue;
    groups.values.push_back(sum / count);
    groups.counts.push_back(count);
    sum = count = 0;
  }
  return groups;
}

}  // namespace

WeightedPoints distinct_points(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  WeightedPoints points;
  for (const double value : values) {
    if (points.values.empty() || value != points.values.back()) {
      points.values.push_back(value);
      points.counts.push_back(0);
    }
    points.counts.back() += 1;
  }
  return points;
}

MixtureFit fit_mixture(const WeightedPoints& points, const std::vector<int64_t>& labels,
                       const MixtureOptions& options) {
  if (points.values.empty() || labels.size() != points.values.size()) {
    throw UsageError({.where = "mixture",
                      .found = std::to_string(labels.size()) + " labels for " +
                               std::to_string(points.values.size()) + " points",
                      .allowed = "one label for each point, and a point"});
  }
  return Variational(points, labels, options).fit(options);
}

std::vector<int64_t> nearest_centers(const WeightedPoints& points, int64_t components) {
  const size_t n = points.values.size();
  const auto k = std::min(static_cast<size_t>(components), n);
  std::vector<double> centers(k), weight(n + 1, 0.0), moment(n + 1, 0.0);
  for (size_t i = 0; i < n; ++i) {
    weight[i + 1] = weight[i] + points.counts[i];
    moment[i + 1] = moment[i] + points.counts[i] * points.values[i];
  }
  for (size_t j = 0; j < k; ++j) centers[j] = points.values[(2 * j + 1) * n / (2 * k)];
  std::vector<size_t> ends(k), before;
  for (int iteration = 0; iteration < kLloydIterations && ends != before; ++iteration) {
    before = ends;
    size_t begin = 0;
    for (size_t j = 0; j < k; ++j) {
      const auto past = [&] {
        if (j + 1 == k) return points.values.end();
        const double border = 0.5 * (centers[j] + centers[j + 1]);
        return std::upper_bound(points.values.begin(), points.values.end(), border);
      }();
      ends[j] = static_cast<size_t>(past - points.values.begin());
    }
    for (size_t j = 0; j < k; ++j) {
      if (ends[j] > begin) {
        centers[j] = (moment[ends[j]] - moment[begin]) / (weight[ends[j]] - weight[begin]);
      }
      begin = ends[j];
    }
  }
  std::vector<int64_t> labels(n);
  size_t begin = 0;
  for (size_t j = 0; j < k; ++j) {
    for (size_t i = begin; i < ends[j]; ++i) labels[i] = static_cast<int64_t>(j);
    begin = ends[j];
  }
  return labels;
}

std::vector<MixtureMode> fit_modes(const WeightedPoints& all, const MixtureOptions& options) {
  if (all.values.size() == 1) return {{.mean = all.values[0], .deviation = 1, .weight = 1}};
  const WeightedPoints points = grouped(all, options.most_points);
  MixtureOptions own = options;
  own.components = std::min(own.components, static_cast<int64_t>(points.values.size()));
  const MixtureFit fit = fit_mixture(points, nearest_centers(points, own.components), own);
  std::vector<MixtureMode> modes;
  for (size_t k = 0; k < fit.means.size(); ++k) {
    if (fit.weights[k] <= options.weight_threshold) continue;
    modes.push_back({fit.means[k], std::sqrt(fit.variances[k]), fit.weights[k]});
  }
  std::sort(modes.begin(), modes.end(), [](const auto& x, const auto& y) {
    return std::tie(x.mean, x.deviation) < std::tie(y.mean, y.deviation);
  });
  return modes;
}

Responsibilities::Responsibilities(const std::vector<MixtureMode>& modes) : shares_(modes.size()) {
  for (const MixtureMode& mode : modes) {
    means_.push_back(mode.mean);
    scales_.push_back(1 / mode.deviation);
    logs_.push_back(std::log(mode.weight / mode.deviation));
  }
}

const std::vector<double>& Responsibilities::operator()(double value) {
  constexpr double kNothing = -50;  // e^-50 is nothing beside 1e-6, which draws add
  double largest = -std::numeric_limits<double>::infinity();
  for (size_t k = 0; k < shares_.size(); ++k) {
    const double distance = (value - means_[k]) * scales_[k];
    shares_[k] = logs_[k] - 0.5 * distance * distance;
    largest = std::max(largest, shares_[k]);
  }
  double sum = 0;
  for (double& share : shares_) {
    share = share - largest < kNothing ? 0 : std::exp(share - largest);
    sum += share;
  }
  for (double& share : shares_) share /= sum;
  return shares_;
}

}  // namespace ganymede::data
