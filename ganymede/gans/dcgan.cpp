// Deep convolutional GAN: Radford, Metz, Chintala 2016, arXiv 1511.06434, in the form most people
// train (pytorch/examples; 28 px: the PyTorch C++ tutorial). One step: D on reals and on fakes in
// two passes (batch normalisation sees one kind at a time), then G on the same fakes.
#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

using loss::Adversarial;

struct DcganConfig {
  int64_t latent_dim = 100;
  Latent::Kind latent = Latent::Kind::kNormal;
  int64_t base_channels = 64;
  Adversarial loss = Adversarial::kNonSaturating;
  double label_real = 1.0;
  double label_fake = 0.0;
  double label_flip = 0.0;

  static void describe(config::Schema<DcganConfig>& s) {
    s.field("latent_dim", &DcganConfig::latent_dim, "size of z").range(1, 65536);
    s.field("latent", &DcganConfig::latent, "z ~ N(0, 1), or U(-1, 1) as in the paper");
    s.field("base_channels", &DcganConfig::base_channels,
            "width of the layer next to the image; doubles with every halving of its size")
        .range(1, 4096);
    s.field("loss", &DcganConfig::loss, "adversarial loss");
    s.field("label_real", &DcganConfig::label_real,
            "D's target for reals; below 1: one-sided label smoothing (cross-entropy losses only)")
        .range(0, 1);
    s.field("label_fake", &DcganConfig::label_fake, "D's target for fakes").range(0, 1);
    s.field("label_flip", &DcganConfig::label_flip,
            "probability that D is told the opposite of the truth")
        .range(0, 1);
  }

  bool cross_entropy() const {
    return loss == Adversarial::kMinimax || loss == Adversarial::kNonSaturating;
  }
  bool plain_labels() const { return label_real == 1.0 && label_fake == 0.0 && label_flip == 0.0; }
};

DcganConfig checked(const DcganConfig& config) {
  if (config.cross_entropy() || config.plain_labels()) return config;
  throw UsageError({.where = "gan.loss",
                    .found = "this loss has no labels to smooth or flip",
                    .allowed = "minimax or non_saturating with label_real, label_fake, label_flip",
                    .remedy = "--set gan.loss=non_saturating, or leave the labels out"});
}

class Dcgan final : public Gan {
 public:
  Dcgan(const DcganConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(checked(config)),
        image_(nn::ImageShape::of(spec, nn::pyramid_sizes())),
        generator_(network(
            "generator", Role::kAveraged,
            [&] { return nn::conv_pyramid_up(config.latent_dim, config.base_channels, image_); })),
        discriminator_(network("discriminator", Role::kTrained, [&] {
          return nn::conv_pyramid_down(image_, config.base_channels);
        })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes =
        step.once("fakes", [&] { return generator_(step.latents(latent(), reals.size())); });
    if (phase.name == "D") return discriminator_loss(reals.samples, fakes.detach(), step);
    return {{"adversarial", loss::generator(config_.loss, discriminator_(fakes))}};
  }

  Latent latent() const override { return {config_.latent_dim, config_.latent}; }

  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(request.latents(latent()));
  }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return discriminator_(samples).flatten();
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }

 private:
  Terms discriminator_loss(const at::Tensor& reals, const at::Tensor& fakes, Step& step) {
    const at::Tensor real = discriminator_(reals);
    const at::Tensor fake = discriminator_(fakes);
    const loss::Labels labels{config_.label_real, config_.label_fake, config_.label_flip};
    const double middle = config_.loss == Adversarial::kLeastSquares ? 0.5 : 0.0;
    return {{"adversarial", loss::discriminator(config_.loss, real, fake, labels, &step.random())},
            observed("accuracy", loss::accuracy(real, fake, middle)),
            observed("logit/real", real.detach().mean()),
            observed("logit/fake", fake.detach().mean())};
  }

  DcganConfig config_;
  nn::ImageShape image_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_dcgan(Registry& registry) {
  registry.add<Dcgan, DcganConfig>({.name = "dcgan",
                                    .title = "Deep convolutional GAN",
                                    .paper = "Radford, Metz, Chintala 2016, arXiv 1511.06434",
                                    .task = "unconditional generation",
                                    .domains = {"image"},
                                    .sizes = "8, 16, 28, 32, 64, 128, 256 px"});
}

}  // namespace ganymede::gans
