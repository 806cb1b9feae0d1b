// The game min over x, max over y of x y: its only equilibrium is (0, 0), and how the two players
// take turns decides whether they ever get there.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "ganymede/train/theory/experiments.h"

namespace ganymede::train::theory {
namespace {

constexpr double kRate = 0.1;

struct Point {
  double x = 0;
  double y = 0;
  double radius() const { return std::hypot(x, y); }
};

// Gradients of x y at a point by the same engine that trains networks.
Point slopes(Point at_point) {
  const at::Tensor x = at::scalar_tensor(at_point.x, at::kDouble).requires_grad_();
  const at::Tensor y = at::scalar_tensor(at_point.y, at::kDouble).requires_grad_();
  const auto gradients = torch::autograd::grad({x * y}, {x, y});
  return {gradients[0].item<double>(), gradients[1].item<double>()};
}

// `from` moved against x's gradient and along y's.
Point moved(Point from, Point slope) {
  return {from.x - kRate * slope.x, from.y + kRate * slope.y};
}

Point simultaneous(Point p) { return moved(p, slopes(p)); }

Point alternating(Point p) {
  p.x -= kRate * slopes(p).x;
  p.y += kRate * slopes(p).y;
  return p;
}

Point extragradient(Point p) { return moved(p, slopes(simultaneous(p))); }

template <typename Step>
std::vector<Point> play(Step step, int64_t steps) {
  std::vector<Point> path = {{1.0, 0.0}};
  for (int64_t i = 0; i < steps; ++i) path.push_back(step(path.back()));
  return path;
}

std::vector<Point> running_means(const std::vector<Point>& path) {
  std::vector<Point> means;
  Point sum;
  for (const Point& p : path) {
    sum = {sum.x + p.x, sum.y + p.y};
    const auto n = static_cast<double>(means.size() + 1);
    means.push_back({sum.x / n, sum.y / n});
  }
  return means;
}

// The growth of the radius per step, as the geometric mean over the whole path.
double growth(const std::vector<Point>& path) {
  const auto steps = static_cast<double>(path.size() - 1);
  return std::pow(path.back().radius() / path.front().radius(), 1 / steps);
}

// Alternating steps conserve x^2 - rate x y + y^2: they stay on one ellipse for ever.
double largest_drift(const std::vector<Point>& path) {
  const auto energy = [](Point p) { return p.x * p.x - kRate * p.x * p.y + p.y * p.y; };
  double drift = 0;
  for (const Point& p : path) drift = std::max(drift, std::abs(energy(p) - energy(path.front())));
  return drift;
}

media::Series trajectory(const std::string& name, const std::vector<Point>& path) {
  media::Series series{.name = name};
  for (const Point& p : path) {
    series.x.push_back(p.x);
    series.y.push_back(p.y);
  }
  return series;
}

media::Series distance(const std::string& name, const std::vector<Point>& path) {
  media::Series series{.name = name};
  for (size_t i = 0; i < path.size(); ++i) {
    series.x.push_back(static_cast<double>(i));
    series.y.push_back(path[i].radius());
  }
  return series;
}

}  // namespace

TheoryResult bilinear_game(uint64_t /*seed: the game draws nothing*/,
                           const TheoryOptions& options) {
  const int64_t steps = steps_or(options, 280);
  const auto together = play(simultaneous, steps);
  const auto in_turn = play(alternating, steps);
  const auto looking_ahead = play(extragradient, steps);
  const auto averaged = running_means(in_turn);

  const double square = kRate * kRate;
  TheoryResult result;
  result.numbers = {
      {"simultaneous: growth of the radius per step", growth(together), std::sqrt(1 + square),
       1e-12},
      {"alternating: largest drift from its ellipse", largest_drift(in_turn), 0.0, 1e-12},
      {"alternating, averaged: final radius", averaged.back().radius(), 0.0,
       2.2 / (kRate * static_cast<double>(steps))},
      {"extragradient: growth of the radius per step", growth(looking_ahead),
       std::sqrt(1 - square + square * square), 1e-12}};
  const media::LinePlot paths = {
      .labels = {.title = "Trajectories from (1, 0)", .x = "x (minimises)", .y = "y (maximises)"},
      .series = {trajectory("simultaneous", together), trajectory("alternating", in_turn),
                 trajectory("extragradient", looking_ahead), trajectory("averaged", averaged)},
      .equal_aspect = true};
  const media::LinePlot radii = {
      .labels = {.title = "Distance from the equilibrium", .x = "step", .y = "radius"},
      .series = {distance("simultaneous", together), distance("alternating", in_turn),
                 distance("extragradient", looking_ahead), distance("averaged", averaged)},
      .log_y = true};
  result.picture = media::render_panels({paths, radii}, 2, {.width = 560, .height = 520},
                                        "The game min max x y, learning rate 0.1");
  result.explanation =
      "x minimises and y maximises x y; only (0, 0) is an equilibrium. Simultaneous gradient steps "
      "spiral outwards, by exactly sqrt(1 + rate^2) a step. Alternating steps run round an ellipse "
      "for ever, though the mean of their points approaches the equilibrium like 1/steps. Looking "
      "one step ahead (extragradient) spirals inwards.";
  return result;
}

}  // namespace ganymede::train::theory
