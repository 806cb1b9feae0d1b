// Conditional GAN: Mirza & Osindero 2014, arXiv 1411.1784. Both players see the label y: p(x|y).
//
// networks = "mlp": the paper's MNIST networks, where z, x and y pass their own layers before they
// join. networks = "conv": DCGAN's networks with y beside z and, as constant maps, beside the
// image. Fakes of a step take the labels of its reals, so that D meets the data's p(y) on both
// sides and must judge x given y.
#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/gans/conditional.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/conditioning.h"
#include "ganymede/nn/networks.h"
#include "ganymede/nn/pixel_range.h"

namespace ganymede::gans {
namespace {

using loss::Adversarial;

enum class Family { kMlp, kConv };

std::vector<std::pair<const char*, Family>> enum_names(Family) {
  return {{"mlp", Family::kMlp}, {"conv", Family::kConv}};
}

struct CganConfig {
  Family networks = Family::kMlp;
  int64_t latent_dim = 100;
  Latent::Kind latent = Latent::Kind::kUniform;
  int64_t base_channels = 64;
  std::vector<int64_t> generator_units = {200, 1000, 1200};
  std::vector<int64_t> discriminator_units = {240, 50, 240};
  std::vector<int64_t> maxout_pieces = {5, 5, 4};
  double keep = 0.5;
  double init = 0.05;
  Adversarial loss = Adversarial::kNonSaturating;
  FakeLabels fake_labels = FakeLabels::kData;

  static void describe(config::Schema<CganConfig>& s) {
    s.field("networks", &CganConfig::networks, "mlp (the paper's) or conv (DCGAN with labels)");
    s.field("latent_dim", &CganConfig::latent_dim, "size of z").range(1, 65536);
    s.field("latent", &CganConfig::latent, "z ~ N(0, 1); uniform: U(0, 1) for mlp, U(-1, 1) else");
    s.field("base_channels", &CganConfig::base_channels, "conv: width next to the image")
        .range(1, 4096);
    s.field("generator_units", &CganConfig::generator_units,
            "mlp: ReLU units for z, for the label, and behind both")
        .at_least(1);
    s.field("discriminator_units", &CganConfig::discriminator_units,
            "mlp: maxout units for x, for the label, and behind both")
        .at_least(1);
    s.field("maxout_pieces", &CganConfig::maxout_pieces, "mlp: linear maps in each of these units")
        .range(1, 64);
    s.field("keep", &CganConfig::keep, "mlp: share of hidden units that dropout keeps")
        .above(0)
        .at_most(1);
    s.field("init", &CganConfig::init, "mlp: weights begin uniform in +- this, biases at 0")
        .range(0, 1);
    s.field("loss", &CganConfig::loss, "adversarial loss");
    s.field("fake_labels", &CganConfig::fake_labels,
            "labels of fakes in training: data (those of the batch) or uniform");
  }
};

const CganConfig& checked(const CganConfig& config) {
  const auto three = [](const char* where, const std::vector<int64_t>& values) {
    if (values.size() == 3) return;
    throw UsageError({.where = where,
                      .found = std::to_string(values.size()) + " numbers",
                      .allowed = "three: for the sample (or z), for the label, behind both"});
  };
  three("gan.generator_units", config.generator_units);
  three("gan.discriminator_units", config.discriminator_units);
  three("gan.maxout_pieces", config.maxout_pieces);
  return config;
}

nn::LinearOptions linear_options(const CganConfig& config) {
  return {.weight_init = nn::Init::uniform(-config.init, config.init),
          .bias_init = nn::Init::constant(0)};
}

nn::ModulePtr mlp_generator(const CganConfig& config, const SampleSpec& spec) {
  const std::vector<int64_t>& units = config.generator_units;
  const nn::LinearOptions linear = linear_options(config);
  const int64_t z = config.latent_dim;
  const auto image = spec.domain == "image";
  return nn::sequence(
      nn::two_branches(z, nn::sequence(nn::linear(z, units[0], linear), nn::relu()),
                       nn::sequence(nn::linear(spec.classes, units[1], linear), nn::relu())),
      nn::dropout(config.keep), nn::linear(units[0] + units[1], units[2], linear), nn::relu(),
      nn::dropout(config.keep), nn::linear(units[2], spec.elements(), linear),
      image ? nn::sigmoid_pixels() : nullptr, nn::reshape(spec.shape));
}

nn::ModulePtr mlp_discriminator(const CganConfig& config, const SampleSpec& spec) {
  const std::vector<int64_t>& units = config.discriminator_units;
  const std::vector<int64_t>& pieces = config.maxout_pieces;
  const nn::LinearOptions linear = linear_options(config);
  const int64_t x = spec.elements();
  const auto image = spec.domain == "image";
  return nn::sequence(nn::two_branches(x,
                                       nn::sequence(image ? nn::unit_pixels() : nullptr,
                                                    nn::maxout(x, units[0], pieces[0], linear)),
                                       nn::maxout(spec.classes, units[1], pieces[1], linear)),
                      nn::dropout(config.keep),
                      nn::maxout(units[0] + units[1], units[2], pieces[2], linear),
                      nn::dropout(config.keep), nn::linear(units[2], 1, linear));
}

nn::ModulePtr make_generator(const CganConfig& config, const SampleSpec& spec) {
  if (config.networks == Family::kMlp) return mlp_generator(config, spec);
  return nn::conv_pyramid_up(config.latent_dim + spec.classes, config.base_channels,
                             nn::ImageShape::of(spec, nn::pyramid_sizes()));
}

nn::ModulePtr make_discriminator(const CganConfig& config, const SampleSpec& spec) {
  if (config.networks == Family::kMlp) return mlp_discriminator(config, spec);
  nn::ImageShape with_maps = nn::ImageShape::of(spec, nn::pyramid_sizes());
  with_maps.channels += spec.classes;
  return nn::conv_pyramid_down(with_maps, config.base_channels);
}

class Cgan final : public Gan {
 public:
  Cgan(const CganConfig& config, const SampleSpec& spec)
      : Gan(labelled(spec, "cgan")),
        config_(checked(config)),
        generator_(
            network("generator", Role::kAveraged, [&] { return make_generator(config, spec); })),
        discriminator_(network("discriminator", Role::kTrained,
                               [&] { return make_discriminator(config, spec); })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor labels = fake_labels(config_.fake_labels, reals, spec().classes, step);
    const at::Tensor fakes = step.once("fakes", [&] {
      return generator_(nn::beside(step.latents(latent(), reals.size()), condition(labels)));
    });
    if (phase.name == "D") return discriminator_loss(reals, fakes.detach(), labels);
    return {{"adversarial", loss::generator(config_.loss, judge(fakes, labels))}};
  }

  Latent latent() const override {
    return {config_.latent_dim, config_.latent, config_.networks == Family::kMlp ? 0.0 : -1.0, 1};
  }

  at::Tensor generate(const Request& request) override {
    const at::Tensor z = request.latents(latent());
    return averaged(generator_).forward(nn::beside(z, condition(request.labels)));
  }

  bool conditional() const override { return true; }
  bool mixes_classes() const override { return true; }

  at::Tensor score(const at::Tensor& samples, const at::Tensor& labels) override {
    return judge(samples, labels).flatten();
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(judged(samples, at::Tensor()));
  }

 private:
  Terms discriminator_loss(const Batch& reals, const at::Tensor& fakes, const at::Tensor& labels) {
    const at::Tensor real = judge(reals.samples, reals.labels);
    const at::Tensor fake = judge(fakes, labels);
    return {{"adversarial", loss::discriminator(config_.loss, real, fake)},
            observed("accuracy", loss::accuracy(real, fake)),
            observed("logit/real", real.detach().mean()),
            observed("logit/fake", fake.detach().mean())};
  }

  at::Tensor condition(const at::Tensor& labels) const {
    return nn::one_hot(labels, spec().classes);
  }

  // What D sees of samples with these labels; without labels every class has an equal share.
  at::Tensor judged(const at::Tensor& samples, const at::Tensor& labels) const {
    const at::Tensor shares = condition_or_even(labels, samples.size(0), spec().classes);
    return nn::beside(config_.networks == Family::kMlp ? samples.flatten(1) : samples, shares);
  }
  at::Tensor judge(const at::Tensor& samples, const at::Tensor& labels) const {
    return discriminator_(judged(samples, labels));
  }

  CganConfig config_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_cgan(Registry& registry) {
  registry.add<Cgan, CganConfig>({.name = "cgan",
                                  .title = "Conditional GAN: samples of a class",
                                  .paper = "Mirza & Osindero 2014, arXiv 1411.1784",
                                  .task = "generation by class",
                                  .domains = {"image", "points"},
                                  .sizes = "any (mlp); 8, 16, 28, 32, 64, 128, 256 px (conv)"});
}

}  // namespace ganymede::gans
