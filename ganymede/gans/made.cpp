// Masked autoencoder, a baseline with an exact likelihood: Germain, Gregor, Murray, Larochelle
// 2015, arXiv 1502.03509, one fixed order of the pixels. p(x) = prod_i p(x_i | x_1 .. x_{i-1}) over
// black and white pixels; without hidden layers it is the fully visible belief network (logistic
// regressions; Neal 1992, Frey 1998). One phase minimises -log p(x); sampling goes pixel by pixel.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/masked_linear.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

enum class Binarise { kThreshold, kStochastic };
std::vector<std::pair<const char*, Binarise>> enum_names(Binarise) {
  return {{"threshold", Binarise::kThreshold}, {"stochastic", Binarise::kStochastic}};
}

constexpr double kFloor = 0.001;  // keeps the bias of always black pixels finite

struct MadeConfig {
  std::vector<int64_t> hidden_units = {500};
  Binarise binarise = Binarise::kStochastic;

  static void describe(config::Schema<MadeConfig>& s) {
    s.field("hidden_units", &MadeConfig::hidden_units,
            "ReLU layers; none: the fully visible belief network")
        .at_least(1);
    s.field("binarise", &MadeConfig::binarise,
            "how grey levels become pixels: stochastic (white with the level's probability, drawn "
            "anew each time), or threshold at the middle");
  }
};

// Hidden unit k may see the pixels up to its degree; output i sees units of a degree below i
// (eq. 8, 9). Degrees go round 1 .. D-1, so that every prefix is seen by as many units.
class Made final : public nn::Module {
 public:
  Made(int64_t pixels, const std::vector<int64_t>& hidden_units) {
    const at::Tensor outputs = at::arange(1, pixels + 1);
    at::Tensor degrees = outputs;
    for (const int64_t units : hidden_units) {
      const at::Tensor next = at::arange(units).remainder(pixels - 1) + 1;
      push(next.unsqueeze(1).ge(degrees.unsqueeze(0)));
      degrees = next;
    }
    push(outputs.unsqueeze(1).gt(degrees.unsqueeze(0)));
  }

  // Pixels 0 or 1, [N, D] -> logits of p(x_i = 1 | the pixels before), [N, D].
  at::Tensor forward(const at::Tensor& input) override {
    at::Tensor x = layers_.front()->forward(input);
    for (size_t k = 1; k < layers_.size(); ++k) x = layers_[k]->forward(at::relu(x));
    return x;
  }

  // Pixel i is white where uniform[:, i] is below its probability. The first layer's sums grow with
  // every pixel, and of the last layer only one row is needed at a time.
  at::Tensor sample(const at::Tensor& uniform) const {
    std::vector<at::Tensor> weights;
    for (const auto& layer : layers_) weights.push_back(layer->weight());
    const at::Tensor columns = weights.front().t().contiguous();
    at::Tensor sums = layers_.front()->bias().repeat({uniform.size(0), 1});
    at::Tensor pixels = at::zeros_like(uniform);
    for (int64_t i = 0; i < uniform.size(1); ++i) {
      const at::Tensor white =
          uniform.select(1, i).lt(at::sigmoid(logit(sums, weights, i))).to(at::kFloat);
      pixels.select(1, i).copy_(white);
      sums.addr_(white, columns[i]);
    }
    return pixels;
  }

 private:
  void push(const at::Tensor& mask) {
    auto layer = std::make_shared<nn::MaskedLinear>(mask.to(at::kFloat));
    child(std::to_string(layers_.size()), layer);
    layers_.push_back(std::move(layer));
  }

  at::Tensor logit(const at::Tensor& sums, const std::vector<at::Tensor>& weights,
                   int64_t pixel) const {
    if (weights.size() == 1) return sums.select(1, pixel);
    at::Tensor x = at::relu(sums);
    for (size_t k = 1; k + 1 < weights.size(); ++k) {
      x = at::relu(at::linear(x, weights[k], layers_[k]->bias()));
    }
    return at::mv(x, weights.back()[pixel]) + layers_.back()->bias()[pixel];
  }

  std::vector<std::shared_ptr<nn::MaskedLinear>> layers_;
};

class MadeGan final : public Gan {
 public:
  MadeGan(const MadeConfig& config, const SampleSpec& spec)
      : Gan(checked(spec)), config_(config), net_(network("made", Role::kAveraged, [&] {
          return std::make_shared<Made>(spec.elements(), config.hidden_units);
        })) {}

  std::vector<Phase> phases() const override { return {{"MADE", {net_}}}; }

  Terms loss(const Phase&, const Batch& reals, Step& step) override {
    const at::Tensor levels = (reals.samples.flatten(1) + 1) * 0.5;
    const at::Tensor pixels = binary(levels, step.uniform(levels.sizes()));
    return {{"nats", -log_likelihood(*net_->module, pixels).mean()}};
  }

  // The output biases begin at the logits of the pixels' means.
  void prepare(const Batch& reals) override {
    const at::NoGradGuard no_grad;
    const at::Tensor mean =
        ((reals.samples.flatten(1).mean(0) + 1) * 0.5).clamp(kFloor, 1 - kFloor);
    at::Tensor bias;  // the output layer's, and so the last parameter
    net_->module->each_parameter([&](const std::string&, at::Tensor& tensor) { bias = tensor; });
    bias.copy_(at::logit(mean));
  }

  // Sampling turns one uniform number into each pixel.
  Latent latent() const override { return {spec().elements(), Latent::Kind::kUniform, 0, 1}; }

  at::Tensor generate(const Request& request) override {
    const auto& made = dynamic_cast<const Made&>(averaged(net_));
    const at::Tensor pixels = made.sample(request.latents(latent())) * 2 - 1;
    std::vector<int64_t> shape = spec().shape;
    shape.insert(shape.begin(), pixels.size(0));
    return pixels.reshape(shape);
  }

  // log p(x) in nats, exact. Grey levels of all samples meet the same uniform numbers.
  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    const at::Tensor levels = (samples.flatten(1) + 1) * 0.5;
    const at::Tensor uniform = Stream(0, "made/score").uniform({1, levels.size(1)});
    return log_likelihood(averaged(net_), binary(levels, uniform.to(levels.device())));
  }

 private:
  static const SampleSpec& checked(const SampleSpec& spec) {
    if (nn::ImageShape::of(spec).height > 1) return spec;
    throw UsageError({.where = "data",
                      .found = "images of one pixel",
                      .allowed = "images of 2 x 2 px or more: one pixel has nothing before it"});
  }

  at::Tensor binary(const at::Tensor& levels, const at::Tensor& uniform) const {
    const at::Tensor white =
        config_.binarise == Binarise::kThreshold ? levels.gt(0.5) : levels.gt(uniform);
    return white.to(at::kFloat);
  }

  static at::Tensor log_likelihood(nn::Module& net, const at::Tensor& pixels) {
    const at::Tensor logits = net.forward(pixels);
    return (pixels * logits - at::softplus(logits)).sum(1);
  }

  MadeConfig config_;
  NetworkRef net_;
};

}  // namespace

void register_made(Registry& registry) {
  registry.add<MadeGan, MadeConfig>(
      {.name = "made",
       .title = "Masked autoencoder (or FVBN), a baseline with an exact likelihood",
       .paper = "Germain, Gregor, Murray, Larochelle 2015, arXiv 1502.03509",
       .task = "unconditional generation",
       .domains = {"image"},
       .sizes = "any square",
       .players = {"MADE"}});
}

}  // namespace ganymede::gans
