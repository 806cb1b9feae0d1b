// Wasserstein GANs. The critic's Lipschitz bound comes from a gradient penalty (Gulrajani et al.
// 2017, arXiv 1704.00028) or from clipped weights (Arjovsky, Chintala, Bottou 2017,
// arXiv 1701.07875: recipe wgan_gp/wgan). One step: `critic_steps` updates of the critic, each on
// fresh reals and fresh z, then one of G.
//
// Networks: the papers' own, chosen by the samples. 28 px: three 5x5 convolutions; other sizes: the
// residual networks of appendix F; points: an MLP. The critic has no batch normalisation, as the
// penalty speaks of single samples (sec. 4).
#include <ATen/ATen.h>

#include <utility>

#include "ganymede/gans/game.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

enum class Lipschitz { kPenalty, kClip };

std::vector<std::pair<const char*, Lipschitz>> enum_names(Lipschitz) {
  return {{"penalty", Lipschitz::kPenalty}, {"clip", Lipschitz::kClip}};
}

enum class Family { kAuto, kConv, kPyramid, kResidual, kMlp };

std::vector<std::pair<const char*, Family>> enum_names(Family) {
  return {{"auto", Family::kAuto},
          {"conv", Family::kConv},
          {"pyramid", Family::kPyramid},
          {"residual", Family::kResidual},
          {"mlp", Family::kMlp}};
}

struct WganGpConfig {
  int64_t latent_dim = 128;
  Latent::Kind latent = Latent::Kind::kNormal;
  Family networks = Family::kAuto;
  int64_t base_channels = 64;
  std::vector<int64_t> mlp_units = {512, 512, 512};
  Lipschitz lipschitz = Lipschitz::kPenalty;
  double penalty_weight = 10;
  double weight_clip = 0.01;
  int64_t critic_steps = 5;
  int64_t generator_batch_scale = 1;
  double dequantize = 0;

  static void describe(config::Schema<WganGpConfig>& s) {
    s.field("latent_dim", &WganGpConfig::latent_dim, "size of z").range(1, 65536);
    s.field("latent", &WganGpConfig::latent, "z ~ N(0, 1), or U(-1, 1)");
    s.field("networks", &WganGpConfig::networks,
            "auto: conv for 28 px, residual for other images, mlp for points; pyramid: DCGAN's");
    s.field("base_channels", &WganGpConfig::base_channels,
            "conv, pyramid: width next to the image; residual: width of every block")
        .range(1, 4096);
    s.field("mlp_units", &WganGpConfig::mlp_units, "mlp: ReLU layers of both networks").at_least(1);
    s.field("lipschitz", &WganGpConfig::lipschitz,
            "what bounds the critic's slope: gradient penalty, or clipped weights (plain WGAN)");
    s.field("penalty_weight", &WganGpConfig::penalty_weight, "lambda of the gradient penalty")
        .at_least(0);
    s.field("weight_clip", &WganGpConfig::weight_clip, "clip: bound of every weight of the critic")
        .above(0);
    s.field("critic_steps", &WganGpConfig::critic_steps, "updates of the critic for one of G")
        .range(1, 1000);
    s.field("generator_batch_scale", &WganGpConfig::generator_batch_scale,
            "fakes in an update of G for each real in the batch")
        .range(1, 64);
    s.field("dequantize", &WganGpConfig::dequantize,
            "reals get uniform noise in [0, this) against steps of 8-bit images")
        .range(0, 1);
  }
};

nn::ConvOptions conv5(int64_t output_padding = 0) {
  return {.kernel = 5, .stride = 2, .padding = 2, .output_padding = output_padding};
}

// The authors' MNIST networks: z -> 4x4 -> 8x8, cropped to 7x7 -> 14x14 -> 28x28, no normalisation.
// Their sigmoid for pixels in [0, 1] is 2 sigmoid - 1 for ours.
nn::ModulePtr conv_up(const WganGpConfig& config, const nn::ImageShape& image) {
  const int64_t base = config.base_channels;
  return nn::sequence(
      nn::linear(config.latent_dim, 4 * base * 4 * 4), nn::reshape({4 * base, 4, 4}), nn::relu(),
      nn::conv_transpose(4 * base, 2 * base, conv5(1)), nn::crop(7, 7), nn::relu(),
      nn::conv_transpose(2 * base, base, conv5(1)), nn::relu(),
      nn::conv_transpose(base, image.channels, conv5(1)),
      std::make_shared<nn::Function>([](const at::Tensor& x) { return at::sigmoid(x) * 2 - 1; }));
}

nn::ModulePtr conv_down(const WganGpConfig& config, const nn::ImageShape& image) {
  const int64_t base = config.base_channels;
  return nn::sequence(nn::conv(image.channels, base, conv5()), nn::leaky_relu(),
                      nn::conv(base, 2 * base, conv5()), nn::leaky_relu(),
                      nn::conv(2 * base, 4 * base, conv5()), nn::leaky_relu(), nn::flatten(),
                      nn::linear(4 * base * 4 * 4, 1));
}

Family resolve(const WganGpConfig& config, const SampleSpec& spec) {
  if (config.networks != Family::kAuto) return config.networks;
  if (spec.domain != "image") return Family::kMlp;
  return spec.shape.back() == 28 ? Family::kConv : Family::kResidual;
}

nn::ModulePtr make_generator(const WganGpConfig& config, const SampleSpec& spec) {
  const int64_t z = config.latent_dim;
  const int64_t base = config.base_channels;
  switch (resolve(config, spec)) {
    case Family::kConv:
      return conv_up(config, nn::ImageShape::of(spec, {28}));
    case Family::kPyramid:
      return nn::conv_pyramid_up(z, base, nn::ImageShape::of(spec, nn::pyramid_sizes()));
    case Family::kResidual:
      return nn::residual_up(z, base, nn::ImageShape::of(spec, nn::residual_sizes()));
    default:
      break;
  }
  const auto output = spec.domain == "image" ? nn::Activation::kTanh : nn::Activation::kNone;
  return nn::sequence(nn::mlp(z, config.mlp_units, spec.elements(), {.output = output}),
                      nn::reshape(spec.shape));
}

nn::ModulePtr make_critic(const WganGpConfig& config, const SampleSpec& spec) {
  const int64_t base = config.base_channels;
  switch (resolve(config, spec)) {
    case Family::kConv:
      return conv_down(config, nn::ImageShape::of(spec, {28}));
    case Family::kPyramid:
      return nn::conv_pyramid_down(nn::ImageShape::of(spec, nn::pyramid_sizes()), base,
                                   {.norm = nn::Norm::kNone});
    case Family::kResidual:
      return nn::residual_down(nn::ImageShape::of(spec, nn::residual_sizes()), base);
    default:
      return nn::mlp(spec.elements(), config.mlp_units, 1);
  }
}

Game game_of(const WganGpConfig& config) {
  Game game(loss::Adversarial::kWasserstein);
  game.discriminator_steps = config.critic_steps;
  if (config.lipschitz == Lipschitz::kClip) {
    game.weight_clip = config.weight_clip;
  } else {
    game.penalty = loss::Penalty::kGradient;
    game.penalty_weight = config.penalty_weight;
  }
  return game;
}

class WganGp final : public Gan {
 public:
  WganGp(const WganGpConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        game_(game_of(config)),
        generator_(
            network("generator", Role::kAveraged, [&] { return make_generator(config, spec); })),
        critic_(network("critic", Role::kTrained, [&] { return make_critic(config, spec); })) {}

  std::vector<Phase> phases() const override { return game_phases(game_, critic_, generator_); }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const int64_t scale = phase.name == "G" ? config_.generator_batch_scale : 1;
    const at::Tensor fakes = generator_(step.latents(latent(), reals.size() * scale));
    const double noise = phase.name == "G" ? 0 : config_.dequantize;
    return game_terms(game_, phase, critic_, dequantized(reals.samples, noise, step), fakes,
                      *generator_->module, step);
  }

  Latent latent() const override { return {config_.latent_dim, config_.latent}; }

  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(request.latents(latent()));
  }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return critic_(samples).flatten();
  }
  at::Tensor features(const at::Tensor& samples) override {
    return critic_->module->features(samples);
  }

 private:
  WganGpConfig config_;
  Game game_;
  NetworkRef generator_;
  NetworkRef critic_;
};

}  // namespace

void register_wgan_gp(Registry& registry) {
  registry.add<WganGp, WganGpConfig>(
      {.name = "wgan_gp",
       .title = "Wasserstein GAN with gradient penalty, or with clipped weights (WGAN)",
       .paper = "Gulrajani et al. 2017, arXiv 1704.00028; Arjovsky et al. 2017, arXiv 1701.07875",
       .task = "unconditional generation",
       .domains = {"image", "points"},
       .sizes = "8, 16, 28, 32, 64, 128, 256 px"});
}

}  // namespace ganymede::gans
