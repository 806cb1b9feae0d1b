// Distances between discrete distributions, and the 1-D densities they are tried on. Natural
// logarithms throughout: results are in nats.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ganymede::metrics {

// p, q: non-negative weights of the same bins (counts, or densities on an equally spaced grid);
// each is divided by its sum. UsageError for unequal lengths, negative or non-finite weights, or a
// sum of zero.

// sum p log(p / q); infinity where q is 0 and p is not (Kullback & Leibler 1951).
double kl_divergence(std::span<const double> p, std::span<const double> q);
// (KL(p | m) + KL(q | m)) / 2 with m = (p + q) / 2; in [0, log 2] (Lin 1991).
double js_divergence(std::span<const double> p, std::span<const double> q);
// sum |p - q| / 2; in [0, 1].
double total_variation(std::span<const double> p, std::span<const double> q);

// Counts of `values` in `bins` equal parts of [low, high]; values outside are not counted, `high`
// itself belongs to the last bin.
std::vector<double> histogram(std::span<const double> values, double low, double high, int bins);

// `count` points from low to high, both included (count >= 2).
std::vector<double> grid(double low, double high, int count);

// Density of N(mean, deviation^2) at x.
double gaussian_density(double x, double mean, double deviation);

// A mixture's part; the weights of a mixture add up to 1.
struct GaussianPart {
  double mean = 0;
  double deviation = 1;
  double weight = 1;
};
using GaussianMixture = std::vector<GaussianPart>;
double mixture_density(double x, const GaussianMixture& mixture);

// The mixture at every point of a grid.
std::vector<double> densities(std::span<const double> points, const GaussianMixture& mixture);

}  // namespace ganymede::metrics
