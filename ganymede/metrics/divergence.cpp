#include "ganymede/metrics/divergence.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "ganymede/core/error.h"

namespace ganymede::metrics {
namespace {

[[noreturn]] void refuse(std::string found, std::string allowed) {
  throw UsageError(
      {.where = "metrics::divergence", .found = std::move(found), .allowed = std::move(allowed)});
}

std::vector<double> normalised(std::span<const double> weights) {
  for (const double w : weights) {
    if (!(w >= 0) || !std::isfinite(w)) refuse("a negative or non-finite weight", "0 or more");
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(sum > 0)) refuse("weights whose sum is 0", "at least one positive weight");
  std::vector<double> result(weights.begin(), weights.end());
  for (double& w : result) w /= sum;
  return result;
}

void check_lengths(std::span<const double> p, std::span<const double> q) {
  if (p.size() != q.size()) {
    refuse(std::to_string(p.size()) + " and " + std::to_string(q.size()) + " bins",
           "two distributions over the same bins");
  }
}

double kl_of_normalised(const std::vector<double>& p, const std::vector<double>& q) {
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] == 0) continue;
    if (q[i] == 0) return std::numeric_limits<double>::infinity();
    sum += p[i] * std::log(p[i] / q[i]);
  }
  return sum;
}

}  // namespace

double kl_divergence(std::span<const double> p, std::span<const double> q) {
  check_lengths(p, q);
  return kl_of_normalised(normalised(p), normalised(q));
}

double js_divergence(std::span<const double> p, std::span<const double> q) {
  check_lengths(p, q);
  const std::vector<double> a = normalised(p);
  const std::vector<double> b = normalised(q);
  std::vector<double> middle(a.size());
  for (size_t i = 0; i < a.size(); ++i) middle[i] = (a[i] + b[i]) / 2;
  return (kl_of_normalised(a, middle) + kl_of_normalised(b, middle)) / 2;
}

double total_variation(std::span<const double> p, std::span<const double> q) {
  check_lengths(p, q);
  const std::vector<double> a = normalised(p);
  const std::vector<double> b = normalised(q);
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / 2;
}

std::vector<double> histogram(std::span<const double> values, double low, double high, int bins) {
  if (!(low < high) || bins < 1) refuse("an empty range or no bins", "low < high, 1 bin or more");
  std::vector<double> counts(static_cast<size_t>(bins), 0.0);
  for (const double v : values) {
    if (!(v >= low && v <= high)) continue;
    const auto bin = static_cast<size_t>((v - low) / (high - low) * bins);
    counts[std::min(bin, counts.size() - 1)] += 1;
  }
  return counts;
}

std::vector<double> grid(double low, double high, int count) {
  if (count < 2) refuse("a grid of fewer than two points", "2 or more");
  std::vector<double> points(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    points[static_cast<size_t>(i)] = low + (high - low) * i / (count - 1);
  }
  return points;
}

double gaussian_density(double x, double mean, double deviation) {
  const double t = (x - mean) / deviation;
  return std::exp(-t * t / 2) / (deviation * std::sqrt(2 * std::numbers::pi));
}

double mixture_density(double x, const GaussianMixture& mixture) {
  double sum = 0;
  for (const GaussianPart& part : mixture) {
    sum += part.weight * gaussian_density(x, part.mean, part.deviation);
  }
  return sum;
}

std::vector<double> densities(std::span<const double> points, const GaussianMixture& mixture) {
  std::vector<double> values;
  values.reserve(points.size());
  for (const double x : points) values.push_back(mixture_density(x, mixture));
  return values;
}

}  // namespace ganymede::metrics
