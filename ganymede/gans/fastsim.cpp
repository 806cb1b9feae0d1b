// Fast simulation of a detector: Maevskiy et al. 2020, arXiv 2012.06582 (TPC-FastSim). A
// Wasserstein game over amounts on a grid, log10(1 + amount), conditioned by the parameters of the
// event: G replaces the slow simulation of what a detector answers to a track.
//
// Samples without parameters (jet images) play the same game unconditionally. Grids of other sizes
// than the published 8 x 16 keep the layers; their poolings follow from the sides.
#include <ATen/ATen.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/gans/game.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/layers.h"

namespace ganymede::gans {
namespace {

struct FastsimConfig : Game {
  FastsimConfig() : Game(loss::Adversarial::kWasserstein) {
    discriminator_steps = 8;  // the authors draw D's turns with probability 8/9
    penalty = loss::Penalty::kGradient;
    penalty_weight = 10;
    penalty_one_sided = true;
  }
  int64_t latent_dim = 32;
  std::vector<int64_t> generator_units = {32, 64, 64, 64};
  std::vector<int64_t> critic_channels = {16, 16, 32, 32, 64, 64};
  int64_t critic_units = 128;
  double dropout = 0.02;

  static void describe(config::Schema<FastsimConfig>& s) {
    s.field("latent_dim", &FastsimConfig::latent_dim, "size of z ~ N(0, 1)").range(1, 65536);
    s.field("generator_units", &FastsimConfig::generator_units, "ELU layers of G").at_least(1);
    s.field("critic_channels", &FastsimConfig::critic_channels, "of D's six convolutions")
        .at_least(1);
    s.field("critic_units", &FastsimConfig::critic_units, "of D's layer behind them")
        .range(1, 65536);
    s.field("dropout", &FastsimConfig::dropout, "share that D's layers drop").range(0, 0.9);
    describe_game(s);
  }
};

constexpr size_t kConvolutions = 6;

// Keras' defaults, which the authors keep: Glorot's uniform weights, no bias at first.
nn::ModulePtr linear(int64_t in, int64_t out) {
  return nn::linear(
      in, out,
      {.weight_init = nn::Init::glorot_uniform(in, out), .bias_init = nn::Init::constant(0)});
}

nn::ModulePtr conv(int64_t in, int64_t out, int64_t kernel, int64_t padding) {
  const int64_t area = kernel * kernel;
  return nn::conv(in, out,
                  {.kernel = kernel,
                   .padding = padding,
                   .weight_init = nn::Init::glorot_uniform(in * area, out * area),
                   .bias_init = nn::Init::constant(0)});
}

nn::ModulePtr elu() {
  return std::make_shared<nn::Function>([](const at::Tensor& x) { return at::elu(x); });
}

// The authors' output: at least log10(2), one unit, above a small threshold; below it, steeply
// towards 0. Continuous, and 0 < y everywhere.
at::Tensor amounts_of(const at::Tensor& x) {
  constexpr double kShift = 0.01;
  const double unit = std::log10(2.0), rest = unit / 10;
  const double slope = (unit - rest) / kShift;
  const at::Tensor below = rest + slope * at::elu(x, /*alpha=*/rest / slope);
  return at::where(x > kShift, unit + x - kShift, below);
}

nn::ModulePtr make_generator(const FastsimConfig& config, const SampleSpec& spec,
                             int64_t parameters) {
  auto net = std::make_shared<nn::Sequential>();
  int64_t in = config.latent_dim + parameters;
  for (const int64_t units : config.generator_units) {
    net->push(linear(in, units));
    net->push(elu());
    in = units;
  }
  net->push(linear(in, spec.elements()));
  net->push(nn::reshape(spec.shape));
  net->push(std::make_shared<nn::Function>(amounts_of));
  return net;
}

// Images [N, channels + parameters, H, W], the parameters as constant planes: convolutions, then
// the parameters once more beside what they found.
class Critic final : public nn::Module {
 public:
  Critic(const FastsimConfig& config, const SampleSpec& spec, int64_t parameters)
      : parameters_(parameters) {
    auto convolutions = std::make_shared<nn::Sequential>();
    int64_t in = spec.shape[0] + parameters;
    int64_t height = spec.shape[1], width = spec.shape[2];
    const auto layer = [&](size_t index, int64_t kernel, int64_t padding) {
      convolutions->push(conv(in, config.critic_channels[index], kernel, padding));
      convolutions->push(elu());
      if (config.dropout > 0) convolutions->push(nn::dropout(1 - config.dropout));
      in = config.critic_channels[index];
      height += 2 * padding - kernel + 1;
      width += 2 * padding - kernel + 1;
    };
    const auto pool = [&](int64_t down, int64_t across) {
      convolutions->push(std::make_shared<nn::Function>(
          [=](const at::Tensor& x) { return at::max_pool2d(x, {down, across}); }));
      height /= down;
      width /= across;
    };
    layer(0, 3, 1);
    layer(1, 3, 1);
    pool(height < width ? 1 : 2, 2);
    layer(2, 3, 1);
    layer(3, 3, 1);
    pool(2, 2);
    layer(4, 3, 0);
    layer(5, 2, 0);
    convolutions_ = &child("convolutions", convolutions);
    const int64_t found = in * height * width;
    hidden_ =
        &child("hidden", nn::sequence(linear(found + parameters, config.critic_units), elu()));
    output_ = &child("output", linear(config.critic_units, 1));
  }

  at::Tensor forward(const at::Tensor& input) override { return (*output_)(features(input)); }

  at::Tensor features(const at::Tensor& input) override {
    const at::Tensor found = (*convolutions_)(input).flatten(1);
    if (parameters_ == 0) return (*hidden_)(found);
    const at::Tensor parameters =
        input.slice(1, input.size(1) - parameters_).select(3, 0).select(2, 0);
    return (*hidden_)(at::cat({found, parameters}, 1));
  }

 private:
  int64_t parameters_;
  nn::Module* convolutions_;
  nn::Module* hidden_;
  nn::Module* output_;
};

class Fastsim final : public Gan {
 public:
  Fastsim(const FastsimConfig& config, const SampleSpec& spec)
      : Gan(checked(config, spec)),
        config_(config),
        parameters_(spec.takes_given() ? spec.given[0].elements() : 0),
        generator_(network("generator", Role::kAveraged,
                           [&] { return make_generator(config, spec, parameters_); })),
        critic_(network("critic", Role::kTrained,
                        [&] { return std::make_shared<Critic>(config, spec, parameters_); })) {
    check(config_);
  }

  std::vector<Phase> phases() const override { return game_phases(config_, critic_, generator_); }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor z = step.latents(latent(), reals.size());
    const at::Tensor fakes = generator_(beside(z, reals.given));
    const auto judge = [&](const at::Tensor& samples) {
      return critic_(with_planes(samples, reals.given));
    };
    return game_terms(config_, phase, judge, reals.samples, fakes, *generator_->module, step);
  }

  Latent latent() const override { return {config_.latent_dim}; }

  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(beside(request.latents(latent()), request.given));
  }

  // Of unconditional games only: what an event is worth depends on its parameters.
  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return parameters_ > 0 ? at::Tensor() : critic_(samples).flatten();
  }
  at::Tensor features(const at::Tensor& samples) override {
    return parameters_ > 0 ? at::Tensor() : critic_.features(samples);
  }

 private:
  static SampleSpec checked(const FastsimConfig& config, const SampleSpec& spec) {
    if (config.critic_channels.size() != kConvolutions) {
      throw UsageError({.where = "gan.critic_channels",
                        .found = std::to_string(config.critic_channels.size()) + " numbers",
                        .allowed = "six"});
    }
    const bool grid = spec.domain == "detector" && spec.shape.size() == 3 && spec.shape[1] >= 8 &&
                      spec.shape[2] >= 8;
    if (!grid) {
      throw UsageError({.where = "fastsim",
                        .found = "samples of the domain " + spec.domain,
                        .allowed = "events of a detector on a grid of 8 x 8 or more"});
    }
    return spec;
  }

  at::Tensor beside(const at::Tensor& z, const at::Tensor& given) const {
    return parameters_ == 0 ? z : at::cat({z, given}, 1);
  }

  at::Tensor with_planes(const at::Tensor& samples, const at::Tensor& given) const {
    if (parameters_ == 0) return samples;
    const at::Tensor planes =
        given.reshape({-1, parameters_, 1, 1}).expand({-1, -1, samples.size(2), samples.size(3)});
    return at::cat({samples, planes}, 1);
  }

  FastsimConfig config_;
  int64_t parameters_;
  NetworkRef generator_;
  NetworkRef critic_;
};

}  // namespace

void register_fastsim(Registry& registry) {
  registry.add<Fastsim, FastsimConfig>(
      {.name = "fastsim",
       .title = "Fast simulation of a detector's answer",
       .paper = "Maevskiy et al. 2020, arXiv 2012.06582",
       .task = "events of a detector, by their physical parameters",
       .domains = {"detector"},
       .sizes = "8 x 8 and more"});
}

}  // namespace ganymede::gans
