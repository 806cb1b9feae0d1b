// Algorithm 1 of Goodfellow et al. 2014 on a Gaussian: k updates of D, then one of G.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/text.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/networks.h"
#include "ganymede/train/theory/experiments.h"

namespace ganymede::train::theory {
namespace {

using loss::Adversarial;

constexpr metrics::GaussianPart kData = {.mean = 2.0, .deviation = 0.7};
constexpr int64_t kDiscriminatorSteps = 2;
constexpr int64_t kBatch = 256;
constexpr int64_t kSamples = 20'000;
constexpr media::Color kTruth = {0, 0, 0};

struct Game {
  nn::ModulePtr generator = nn::mlp(1, {16}, 1, {.hidden = nn::Activation::kTanh});
  nn::ModulePtr discriminator;
  Optimizer generator_optimizer;
  Optimizer discriminator_optimizer;

  Game(uint64_t seed, int64_t steps)
      : discriminator(small_discriminator(seed)),
        generator_optimizer(decaying_adam(*generator, 2e-3, 0.5, steps)),
        discriminator_optimizer(decaying_adam(*discriminator, 4e-3, 0.5, steps)) {
    generator->initialize(seed, "theory/G");
  }

  void step(int64_t index, Stream random) {
    for (int64_t k = 0; k < kDiscriminatorSteps; ++k) {
      const at::Tensor fake = generator->forward(random.normal({kBatch, 1})).detach();
      const at::Tensor real = draw({kData}, kBatch, random);
      descend(discriminator_optimizer,
              loss::discriminator(Adversarial::kMinimax, discriminator->forward(real),
                                  discriminator->forward(fake)),
              index);
    }
    discriminator->set_frozen(true);
    const at::Tensor fake = generator->forward(random.normal({kBatch, 1}));
    descend(generator_optimizer,
            loss::generator(Adversarial::kMinimax, discriminator->forward(fake)), index);
    discriminator->set_frozen(false);
  }

  at::Tensor samples(int64_t count, uint64_t seed) {
    const at::NoGradGuard no_grad;
    return generator->forward(Stream(seed, "theory/samples").normal({count, 1}));
  }
};

// A Gaussian kernel estimate of the samples' density, of width 0.08: fine enough for deviation 0.7.
std::vector<double> estimated_density(const at::Tensor& samples, const std::vector<double>& x) {
  constexpr double kWidth = 0.08;
  const at::Tensor t = (column(x) - samples.view({1, -1})) / kWidth;
  return numbers((t.square() * -0.5).exp().mean(1) / (kWidth * std::sqrt(2 * M_PI)));
}

struct History {
  std::vector<double> at, mean, deviation;
  void add(int64_t step, const at::Tensor& samples) {
    at.push_back(static_cast<double>(step));
    mean.push_back(samples.mean().item<double>());
    deviation.push_back(samples.std().item<double>());
  }
};

media::Series level(const std::string& name, double value, double end) {
  return {.name = name, .x = {0, end}, .y = {value, value}, .color = kTruth};
}

double js_to_data(const at::Tensor& samples) {
  const auto edges = metrics::grid(-1.0, 5.0, 61);
  const std::vector<double> counts = metrics::histogram(numbers(samples), -1, 5, 60);
  std::vector<double> exact;
  for (size_t i = 0; i + 1 < edges.size(); ++i) {
    const auto below = [](double x) {
      return std::erfc((kData.mean - x) / (kData.deviation * std::sqrt(2.0))) / 2;
    };
    exact.push_back(below(edges[i + 1]) - below(edges[i]));
  }
  return metrics::js_divergence(counts, exact);
}

}  // namespace

TheoryResult algorithm_one(uint64_t seed, const TheoryOptions& options) {
  const int64_t steps = steps_or(options, 3000);
  Game game(seed, steps);
  const auto x = metrics::grid(-1, 5, 241);
  std::vector<media::Series> densities = {
      {.name = "data", .x = x, .y = metrics::densities(x, {kData}), .color = kTruth}};
  const std::vector<int64_t> shown = {steps / 100, steps / 30, steps / 10, steps};
  History history;
  for (int64_t step = 0; step <= steps; ++step) {
    if (step % std::max<int64_t>(steps / 100, 1) == 0) history.add(step, game.samples(4000, seed));
    if (std::ranges::find(shown, step) != shown.end()) {
      densities.push_back({.name = "G after " + std::to_string(step) + " steps",
                           .x = x,
                           .y = estimated_density(game.samples(kSamples, seed), x)});
    }
    if (step < steps) game.step(step, Stream(seed, "theory/step", static_cast<uint64_t>(step)));
  }

  const at::Tensor samples = game.samples(kSamples, seed);
  TheoryResult result;
  result.numbers = {
      {"mean of p_g", samples.mean().item<double>(), kData.mean, 0.1},
      {"standard deviation of p_g", samples.std().item<double>(), kData.deviation, 0.1},
      {"JS(p_g, p_data) in nats", js_to_data(samples), 0.0, 0.02}};
  const auto end = static_cast<double>(steps);
  const media::LinePlot moments = {
      .labels = {.title = "Moments of p_g", .x = "step", .y = "value"},
      .series = {{.name = "mean", .x = history.at, .y = history.mean},
                 {.name = "standard deviation", .x = history.at, .y = history.deviation},
                 level("the data's", kData.mean, end),
                 level("", kData.deviation, end)}};
  result.picture = media::render_panels(
      {media::LinePlot{.labels = {.title = "Densities", .x = "x", .y = "density"},
                       .series = densities},
       moments},
      2, {}, "Algorithm 1 on N(2, 0.7^2), k = 2");
  result.explanation =
      "Two small networks play the minimax game of Algorithm 1 with k = 2 on samples of N(2, "
      "0.7^2); G turns z ~ N(0,1) into numbers and begins near 0. The mean and the deviation of "
      "its "
      "samples reach the data's, as proposition 2 promises for enough capacity and small steps.";
  return result;
}

}  // namespace ganymede::train::theory
