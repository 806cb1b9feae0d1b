// Spectrally normalised GAN: Miyato et al. 2018, arXiv 1802.05957, with D's hinge loss and the
// authors' networks (pfnet/sngan_projection); with labels, the projection discriminator and
// conditional batch normalisation of Miyato & Koyama 2018, arXiv 1802.05637. With spectral norm in
// G too and self-attention it is SAGAN (recipe sagan).
//
// Networks: residual (32 px: constant width; 64, 128 px: widths that double with every halving) or
// the plain stack of the paper's table 3 (28 px: one stage fewer in G). D has no batch norm. Reals
// and fakes pass D one after the other, each with its own power iteration. Fakes have the classes
// of the batch's reals.
#include <ATen/ATen.h>

#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/gans/game.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/conditional.h"
#include "ganymede/nn/spectral_networks.h"

namespace ganymede::gans {
namespace {

enum class Family { kAuto, kPlain, kResidual };

std::vector<std::pair<const char*, Family>> enum_names(Family) {
  return {{"auto", Family::kAuto}, {"plain", Family::kPlain}, {"residual", Family::kResidual}};
}

struct SnganConfig : Game {
  SnganConfig() : Game(loss::Adversarial::kHinge) { discriminator_steps = 5; }

  int64_t latent_dim = 128;
  Latent::Kind latent = Latent::Kind::kNormal;
  Family networks = Family::kAuto;
  int64_t generator_channels = 64;
  int64_t discriminator_channels = 64;
  bool projection = false;
  bool spectral_generator = false;
  int64_t attention_px = 0;
  int64_t generator_batch_scale = 1;
  double dequantize = 0;

  static void describe(config::Schema<SnganConfig>& s) {
    s.field("latent_dim", &SnganConfig::latent_dim, "size of z").range(1, 65536);
    s.field("latent", &SnganConfig::latent, "z ~ N(0, 1), or U(-1, 1)");
    s.field("networks", &SnganConfig::networks, "auto: plain for 28 px, residual for other sizes");
    s.field(
         "generator_channels", &SnganConfig::generator_channels,
         "residual up to 32 px: width of every block (paper: 256); else: width next to the image")
        .range(1, 4096);
    s.field("discriminator_channels", &SnganConfig::discriminator_channels,
            "the same of D (paper, 32 px: 128)")
        .range(1, 4096);
    s.field("projection", &SnganConfig::projection,
            "labelled data: D projects on the class, G's norms know it");
    s.field("spectral_generator", &SnganConfig::spectral_generator,
            "spectral norm in G too (SAGAN)");
    s.field("attention_px", &SnganConfig::attention_px,
            "residual: self-attention where maps have this size, in G and D; 0: none")
        .range(0, 128);
    s.field("generator_batch_scale", &SnganConfig::generator_batch_scale,
            "fakes in an update of G for each real in the batch")
        .range(1, 64);
    s.field("dequantize", &SnganConfig::dequantize,
            "reals get uniform noise in [0, this) against steps of 8-bit images")
        .range(0, 1);
    describe_game(s);
  }
};

[[noreturn]] void refuse(const char* where, std::string found, const char* allowed) {
  throw UsageError({.where = where, .found = std::move(found), .allowed = allowed});
}

nn::SpectralPlan plan_of(const SnganConfig& config, const SampleSpec& spec) {
  check(config);
  const nn::ImageShape image = nn::ImageShape::of(spec, {16, 28, 32, 64, 128});
  const int64_t size = image.height;
  const bool plain =
      config.networks == Family::kPlain || (config.networks == Family::kAuto && size == 28);
  if (!plain && size == 28) refuse("gan.networks", "residual for 28 px", "auto or plain");
  if (config.projection && spec.classes == 0) {
    refuse("gan.projection", "data without labels", "labelled data, or projection=false");
  }
  const int64_t attention = config.attention_px;
  const bool fits = attention >= 8 && attention < size && size % attention == 0 && !plain;
  if (attention != 0 && !fits) {
    refuse("gan.attention_px",
           std::to_string(attention) + " px in a picture of " + std::to_string(size) + " px",
           "0; in residual networks half or a quarter of the size, 8 or more");
  }
  return {.image = image,
          .latent_dim = config.latent_dim,
          .generator_channels = config.generator_channels,
          .discriminator_channels = config.discriminator_channels,
          .classes = config.projection ? spec.classes : 0,
          .plain = plain,
          .spectral_generator = config.spectral_generator,
          .attention_px = attention};
}

class Sngan final : public Gan {
 public:
  Sngan(const SnganConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        plan_(plan_of(config, spec)),
        generator_(
            network("generator", Role::kAveraged, [&] { return nn::spectral_generator(plan_); })),
        discriminator_(network("discriminator", Role::kTrained,
                               [&] { return nn::spectral_discriminator(plan_); })) {}

  std::vector<Phase> phases() const override {
    return game_phases(config_, discriminator_, generator_);
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const bool for_generator = phase.name == "G";
    const int64_t scale = for_generator ? config_.generator_batch_scale : 1;
    const at::Tensor z = step.latents(latent(), reals.size() * scale);
    const auto with_classes = [&](const NetworkRef& network, const at::Tensor& input) {
      const nn::ClassScope scope(classes_of(reals.labels, input.size(0)));
      return network(input);
    };
    const loss::Critic judge = [&](const at::Tensor& x) { return with_classes(discriminator_, x); };
    const double noise = for_generator ? 0 : config_.dequantize;
    return game_terms(config_, phase, judge, dequantized(reals.samples, noise, step),
                      with_classes(generator_, z), *generator_->module, step);
  }

  Latent latent() const override { return {config_.latent_dim, config_.latent}; }
  bool conditional() const override { return plan_.classes > 0; }

  at::Tensor generate(const Request& request) override {
    const nn::ClassScope scope(classes_of(request.labels, request.count()));
    return averaged(generator_).forward(request.latents(latent()));
  }

  at::Tensor score(const at::Tensor& samples, const at::Tensor& labels) override {
    const nn::ClassScope scope(classes_of(labels, samples.size(0)));
    return discriminator_(samples).flatten();
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }

 private:
  // `labels`, repeated for `count` samples; classes in turn where nobody named any.
  at::Tensor classes_of(const at::Tensor& labels, int64_t count) const {
    if (plan_.classes == 0) return {};
    if (!labels.defined()) return at::arange(count, at::kLong).remainder(plan_.classes);
    return labels.repeat({count / labels.size(0)});
  }

  SnganConfig config_;
  nn::SpectralPlan plan_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_sngan(Registry& registry) {
  registry.add<Sngan, SnganConfig>(
      {.name = "sngan",
       .title = "Spectrally normalised GAN, with projection on classes",
       .paper = "Miyato et al. 2018, arXiv 1802.05957; Miyato, Koyama 2018, arXiv 1802.05637",
       .task = "unconditional or class-conditional generation",
       .domains = {"image"},
       .sizes = "16, 28, 32, 64, 128 px"});
}

}  // namespace ganymede::gans
