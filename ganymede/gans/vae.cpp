// Variational autoencoder, a baseline beside the gans: Kingma & Welling 2014, arXiv 1312.6114. No
// game is played: one phase raises the evidence lower bound (ELBO) of the data,
// log p(x) >= E_q(z|x) log p(x|z) - KL(q(z|x) || p(z)). Pixels are Bernoulli variables of their
// grey level, as in the paper's MNIST code, or Gaussian ones of a fixed deviation. The ELBO is a
// bound of a likelihood in nats for black and white pixels and for the Gaussian form; grey levels
// under the Bernoulli form give a useful loss, but no density.
#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

enum class Likelihood { kBernoulli, kGaussian };
std::vector<std::pair<const char*, Likelihood>> enum_names(Likelihood) {
  return {{"bernoulli", Likelihood::kBernoulli}, {"gaussian", Likelihood::kGaussian}};
}

enum class Family { kMlp, kConv };
std::vector<std::pair<const char*, Family>> enum_names(Family) {
  return {{"mlp", Family::kMlp}, {"conv", Family::kConv}};
}

struct VaeConfig {
  int64_t latent_dim = 20;
  Family networks = Family::kMlp;
  std::vector<int64_t> units = {400};
  int64_t base_channels = 32;
  Likelihood likelihood = Likelihood::kBernoulli;
  double deviation = 0.1;
  double kl_weight = 1;

  static void describe(config::Schema<VaeConfig>& s) {
    using C = VaeConfig;
    s.field("latent_dim", &C::latent_dim, "size of z ~ N(0, 1)").range(1, 65536);
    s.field("networks", &C::networks, "mlp, or conv: two strided convolutions on each side");
    s.field("units", &C::units, "mlp: ReLU layers of the encoder; the decoder has them in reverse")
        .at_least(1);
    s.field("base_channels", &C::base_channels, "conv: width next to the image").range(1, 4096);
    s.field("likelihood", &C::likelihood, "p(x|z): bernoulli (of grey levels) or gaussian");
    s.field("deviation", &C::deviation, "gaussian: of a pixel, in units of [-1, 1]").above(0);
    s.field("kl_weight", &C::kl_weight, "1: the ELBO; other values: beta-VAE").at_least(0);
  }
};

constexpr int64_t kScoreDraws = 8;

nn::ConvOptions half() { return {.kernel = 4, .stride = 2, .padding = 1}; }

// x -> mean and log variance of q(z|x), [N, 2 latent_dim].
nn::ModulePtr make_encoder(const VaeConfig& config, const nn::ImageShape& image) {
  const int64_t base = config.base_channels;
  const int64_t out = 2 * config.latent_dim;
  if (config.networks == Family::kMlp) {
    return nn::mlp(image.channels * image.height * image.width, config.units, out);
  }
  return nn::sequence(nn::conv(image.channels, base, half()), nn::relu(),
                      nn::conv(base, 2 * base, half()), nn::relu(), nn::flatten(),
                      nn::linear(2 * base * image.height * image.width / 16, out));
}

// z -> logits (bernoulli) or means before tanh (gaussian), [N, C, H, W].
nn::ModulePtr make_decoder(const VaeConfig& config, const nn::ImageShape& image) {
  const int64_t base = config.base_channels;
  const std::vector<int64_t> shape = {image.channels, image.height, image.width};
  if (config.networks == Family::kMlp) {
    const std::vector<int64_t> reversed(config.units.rbegin(), config.units.rend());
    return nn::sequence(
        nn::mlp(config.latent_dim, reversed, image.channels * image.height * image.width),
        nn::reshape(shape));
  }
  const int64_t height = image.height / 4;
  const int64_t width = image.width / 4;
  return nn::sequence(nn::linear(config.latent_dim, 2 * base * height * width), nn::relu(),
                      nn::reshape({2 * base, height, width}),
                      nn::conv_transpose(2 * base, base, half()), nn::relu(),
                      nn::conv_transpose(base, image.channels, half()));
}

class Vae final : public Gan {
 public:
  Vae(const VaeConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        image_(checked(config, spec)),
        encoder_(network("encoder", Role::kTrained, [&] { return make_encoder(config, image_); })),
        decoder_(
            network("decoder", Role::kAveraged, [&] { return make_decoder(config, image_); })) {}

  std::vector<Phase> phases() const override { return {{"VAE", {encoder_, decoder_}}}; }

  Terms loss(const Phase&, const Batch& reals, Step& step) override {
    const Bound bound = elbo(reals.samples, step.normal({reals.size(), config_.latent_dim}));
    return {{"reconstruction", -bound.log_likelihood.mean()},
            {"kl", bound.kl.mean(), config_.kl_weight},
            observed("elbo", (bound.log_likelihood - bound.kl).mean())};
  }

  Latent latent() const override { return {config_.latent_dim}; }

  at::Tensor generate(const Request& request) override {
    return pixels(averaged(decoder_).forward(request.latents(latent())));
  }

  // ELBO in nats of each sample, over the same few draws of z's noise for all of them.
  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    Stream random(0, "vae/score");
    at::Tensor total;
    for (int64_t draw = 0; draw < kScoreDraws; ++draw) {
      const at::Tensor noise = random.normal({1, config_.latent_dim}).to(samples.device());
      const Bound bound = elbo(samples, noise);
      const at::Tensor one = bound.log_likelihood - bound.kl;
      total = total.defined() ? total + one : one;
    }
    return total / kScoreDraws;
  }

  // The mean of q(z|x).
  at::Tensor features(const at::Tensor& samples) override {
    return encoder_(samples).slice(1, 0, config_.latent_dim);
  }

 private:
  struct Bound {
    at::Tensor log_likelihood, kl;  // [N]
  };

  static nn::ImageShape checked(const VaeConfig& config, const SampleSpec& spec) {
    const nn::ImageShape image = nn::ImageShape::of(spec);
    if (config.networks == Family::kMlp || image.height % 4 == 0) return image;
    throw UsageError({.where = "gan.networks",
                      .found = "images of " + std::to_string(image.height) + " px",
                      .allowed = "a multiple of 4 for conv; any size for mlp",
                      .remedy = "--set gan.networks=mlp"});
  }

  // Eq. 7 and 10 with one draw of z = mean + deviation * noise.
  Bound elbo(const at::Tensor& x, const at::Tensor& noise) {
    const at::Tensor code = encoder_(x);
    const at::Tensor mean = code.slice(1, 0, config_.latent_dim);
    const at::Tensor log_variance = code.slice(1, config_.latent_dim);
    const at::Tensor z = mean + (0.5 * log_variance).exp() * noise;
    return {log_likelihood(x, decoder_(z)),
            0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)};
  }

  at::Tensor log_likelihood(const at::Tensor& x, const at::Tensor& decoded) const {
    if (config_.likelihood == Likelihood::kBernoulli) {
      const at::Tensor level = (x + 1) * 0.5;
      return (level * decoded - at::softplus(decoded)).flatten(1).sum(1);
    }
    const double log_scale = std::log(config_.deviation) + 0.5 * std::log(2 * std::numbers::pi);
    const at::Tensor apart = (x - at::tanh(decoded)) / config_.deviation;
    return (-0.5 * apart.square() - log_scale).flatten(1).sum(1);
  }

  at::Tensor pixels(const at::Tensor& decoded) const {
    const bool bernoulli = config_.likelihood == Likelihood::kBernoulli;
    return bernoulli ? at::sigmoid(decoded) * 2 - 1 : at::tanh(decoded);
  }

  VaeConfig config_;
  nn::ImageShape image_;
  NetworkRef encoder_;
  NetworkRef decoder_;
};

}  // namespace

void register_vae(Registry& registry) {
  registry.add<Vae, VaeConfig>({.name = "vae",
                                .title = "Variational autoencoder, a baseline without a game",
                                .paper = "Kingma, Welling 2014, arXiv 1312.6114",
                                .task = "unconditional generation",
                                .domains = {"image"},
                                .sizes = "any square",
                                .players = {"VAE"}});
}

}  // namespace ganymede::gans
