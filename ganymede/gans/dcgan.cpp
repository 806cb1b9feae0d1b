// Deep convolutional GAN: Radford, Metz, Chintala 2016, arXiv 1511.06434, in the form most people
// train (pytorch/examples; 28 px: the PyTorch C++ tutorial). One step: D on reals and on fakes in
// two passes (batch normalisation sees one kind at a time), then G on the same fakes.
#include <ATen/ATen.h>

#include "ganymede/gans/game.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

struct DcganConfig : Game {
  int64_t latent_dim = 100;
  Latent::Kind latent = Latent::Kind::kNormal;
  int64_t base_channels = 64;
  nn::Norm discriminator_norm = nn::Norm::kBatch;

  static void describe(config::Schema<DcganConfig>& s) {
    s.field("latent_dim", &DcganConfig::latent_dim, "size of z").range(1, 65536);
    s.field("latent", &DcganConfig::latent, "z ~ N(0, 1), or U(-1, 1) as in the paper");
    s.field("base_channels", &DcganConfig::base_channels,
            "width of the layer next to the image; doubles with every halving of its size")
        .range(1, 4096);
    s.field("discriminator_norm", &DcganConfig::discriminator_norm,
            "normalisation in D: penalties that speak of single samples want none or layer");
    describe_game(s);
  }
};

class Dcgan final : public Gan {
 public:
  Dcgan(const DcganConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        image_(nn::ImageShape::of(spec, nn::pyramid_sizes())),
        generator_(network(
            "generator", Role::kAveraged,
            [&] { return nn::conv_pyramid_up(config.latent_dim, config.base_channels, image_); })),
        discriminator_(network("discriminator", Role::kTrained, [&] {
          return nn::conv_pyramid_down(image_, config.base_channels,
                                       {.norm = config.discriminator_norm});
        })) {
    check(config_);
  }

  std::vector<Phase> phases() const override {
    return game_phases(config_, discriminator_, generator_);
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes =
        step.once("fakes", [&] { return generator_(step.latents(latent(), reals.size())); });
    return game_terms(config_, phase, discriminator_, reals.samples, fakes, *generator_->module,
                      step);
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
