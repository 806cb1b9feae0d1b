// Proposition 1 and theorem 1 of Goodfellow et al. 2014 with G fixed: what D converges to, and what
// the value of the game then says about the distance of p and q.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ganymede/core/text.h"
#include "ganymede/train/theory/experiments.h"

namespace ganymede::train::theory {
namespace {

using metrics::GaussianMixture;

constexpr double kSupport = 0.02;  // where (p + q) / 2 lies above this, D has seen samples
constexpr int64_t kValueSamples = 400'000;

struct Errors {
  double largest = 0;
  double mean = 0;
};

// |learned - exact| where the samples' density (p + q) / 2 lies above kSupport.
Errors errors_on_support(const std::vector<double>& learned, const std::vector<double>& exact,
                         const std::vector<double>& p, const std::vector<double>& q) {
  Errors errors;
  int64_t count = 0;
  for (size_t i = 0; i < learned.size(); ++i) {
    if ((p[i] + q[i]) / 2 < kSupport) continue;
    const double error = std::abs(learned[i] - exact[i]);
    errors.largest = std::max(errors.largest, error);
    errors.mean += error;
    ++count;
  }
  errors.mean /= static_cast<double>(std::max<int64_t>(count, 1));
  return errors;
}

std::vector<double> optimal(const std::vector<double>& p, const std::vector<double>& q) {
  std::vector<double> d(p.size());
  for (size_t i = 0; i < p.size(); ++i) d[i] = p[i] / (p[i] + q[i]);
  return d;
}

media::LinePlot density_plot(const std::string& title, const std::vector<double>& x,
                             const std::vector<double>& p, const std::vector<double>& q) {
  return {.labels = {.title = title, .x = "x", .y = "density"},
          .series = {{.name = "p, the data", .x = x, .y = p},
                     {.name = "q, the generator", .x = x, .y = q}}};
}

constexpr media::Color kExact = {0, 0, 0};
constexpr media::Color kLearned = {213, 94, 0};
constexpr media::Color kAside = {153, 153, 153};

// A cross at each point of a series: segments with gaps between them.
media::Series crosses(const media::Series& points, double half_width, double half_height) {
  const double gap = std::numeric_limits<double>::quiet_NaN();
  media::Series marks{.name = points.name, .color = points.color};
  for (size_t i = 0; i < points.x.size(); ++i) {
    const double x = points.x[i];
    const double y = points.y[i];
    for (const double at_x : {x - half_width, x + half_width, gap, x, x, gap}) {
      marks.x.push_back(at_x);
    }
    for (const double at_y : {y, y, gap, y - half_height, y + half_height, gap}) {
      marks.y.push_back(at_y);
    }
  }
  return marks;
}

}  // namespace

TheoryResult optimal_discriminator(uint64_t seed, const TheoryOptions& options) {
  const GaussianMixture p = {{.mean = -1.5, .deviation = 0.6, .weight = 0.6},
                             {.mean = 1.8, .deviation = 0.5, .weight = 0.4}};
  const GaussianMixture q = {{.mean = 0.3, .deviation = 1.1, .weight = 1.0}};
  const int64_t steps = steps_or(options, 6000);
  const auto net = small_discriminator(seed);
  train_discriminator(*net, p, q, steps, seed);

  const auto x = metrics::grid(-3.4, 3.6, 351);
  const auto p_x = metrics::densities(x, p);
  const auto q_x = metrics::densities(x, q);
  const auto exact = optimal(p_x, q_x);
  const auto learned = probabilities(*net, x);
  const Errors errors = errors_on_support(learned, exact, p_x, q_x);

  TheoryResult result;
  result.numbers = {{"largest |D - p/(p+q)| on the support", errors.largest, 0.0, 0.05},
                    {"mean |D - p/(p+q)| on the support", errors.mean, 0.0, 0.015}};
  const media::LinePlot judged = {
      .labels = {.title = "D(x)", .x = "x", .y = "probability of being real"},
      .series = {{.name = "p / (p + q)", .x = x, .y = exact, .color = kExact},
                 {.name = "trained D", .x = x, .y = learned, .color = kLearned}}};
  result.picture = media::render_panels({density_plot("Densities", x, p_x, q_x), judged}, 2, {},
                                        "The optimal discriminator");
  result.explanation =
      "D, a small network, was trained on samples of two known densities p and q while neither "
      "moved. Proposition 1 says that the best D is p/(p+q). The error is taken where "
      "(p+q)/2 > 0.02: elsewhere D has seen hardly a sample.";
  return result;
}

TheoryResult equilibrium(uint64_t seed, const TheoryOptions& options) {
  const GaussianMixture p = {{.mean = -1.0, .deviation = 0.5, .weight = 0.5},
                             {.mean = 1.0, .deviation = 0.8, .weight = 0.5}};
  const int64_t steps = steps_or(options, 3000);
  const auto net = small_discriminator(seed);
  const auto x = metrics::grid(-3.5, 4, 301);
  const auto p_x = metrics::densities(x, p);
  const auto before = probabilities(*net, x);
  std::vector<double> at_step, values;
  train_discriminator(*net, p, p, steps, seed, [&](int64_t step) {
    if (step % std::max<int64_t>(steps / 60, 1) != 0) return;
    at_step.push_back(static_cast<double>(step));
    values.push_back(value_of_game(*net, p, p, 20'000, seed));
  });
  const auto learned = probabilities(*net, x);
  const std::vector<double> half(x.size(), 0.5);
  const Errors errors = errors_on_support(learned, half, p_x, p_x);
  const double value = value_of_game(*net, p, p, kValueSamples, seed);

  TheoryResult result;
  result.numbers = {{"value of the game", value, -std::log(4.0), 0.003},
                    {"largest |D - 1/2| on the support", errors.largest, 0.0, 0.05},
                    {"mean |D - 1/2| on the support", errors.mean, 0.0, 0.015}};
  const media::LinePlot judged = {
      .labels = {.title = "D(x) when p_g = p_data", .x = "x", .y = "probability of being real"},
      .series = {{.name = "density of both", .x = x, .y = p_x},
                 {.name = "D before training", .x = x, .y = before, .color = kAside},
                 {.name = "trained D", .x = x, .y = learned, .color = kLearned},
                 {.name = "1/2", .x = x, .y = half, .color = kExact}}};
  const media::LinePlot curve = {
      .labels = {.title = "Value of the game", .x = "step", .y = "E log D + E log(1 - D)"},
      .series = {{.name = "trained D", .x = at_step, .y = values, .color = kLearned},
                 {.name = "-log 4",
                  .x = {0, static_cast<double>(steps)},
                  .y = {-std::log(4.0), -std::log(4.0)},
                  .color = kExact}}};
  result.picture =
      media::render_panels({judged, curve}, 2, {}, "The equilibrium: nothing left to tell apart");
  result.explanation =
      "Data and generator have the same density, and D was trained to tell them apart. Theorem 1: "
      "D can do no better than 1/2 everywhere, and the value of the game is -log 4 = -1.3863, "
      "its lowest.";
  return result;
}

TheoryResult jensen_shannon(uint64_t seed, const TheoryOptions& options) {
  const std::vector<double> shifts = {0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0};
  const int64_t steps = steps_or(options, 1200);
  const GaussianMixture p = {{}};
  const auto exact_js = [&](double shift) {
    const auto x = metrics::grid(-9, 14, 9001);
    return metrics::js_divergence(metrics::densities(x, p),
                                  metrics::densities(x, {{.mean = shift}}));
  };
  TheoryResult result;
  media::Series learned{.name = "(value + log 4) / 2 of a trained D", .color = kLearned};
  for (const double shift : shifts) {
    const GaussianMixture q = {{.mean = shift}};
    const auto net = small_discriminator(seed);
    train_discriminator(*net, p, q, steps, seed);
    const double value = value_of_game(*net, p, q, kValueSamples, seed);
    learned.x.push_back(shift);
    learned.y.push_back((value + std::log(4.0)) / 2);
    result.numbers.push_back({"JS(N(0,1), N(" + format_number(shift) + ",1))", learned.y.back(),
                              exact_js(shift), 0.006});
  }
  media::Series quadrature{
      .name = "numeric integration", .x = metrics::grid(0, 5.5, 111), .color = kExact};
  for (const double shift : quadrature.x) quadrature.y.push_back(exact_js(shift));
  const media::Series limit{
      .name = "log 2", .x = {0, 5.5}, .y = {std::log(2.0), std::log(2.0)}, .color = kAside};
  result.picture = media::render_plot(
      media::LinePlot{.labels = {.title = "Jensen-Shannon divergence of two unit Gaussians",
                                 .x = "distance of the means",
                                 .y = "nats"},
                      .series = {quadrature, limit, crosses(learned, 0.06, 0.012)}},
      {.width = 800, .height = 480});
  result.explanation =
      "For the best D the value of the game is -log 4 + 2 JS(p, q) (equation 6). A D trained on "
      "samples gives a lower bound that is almost tight. It levels off at log 2 = 0.693: for "
      "distant densities the divergence no longer tells G where to go.";
  return result;
}

}  // namespace ganymede::train::theory
