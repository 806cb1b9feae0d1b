// The residual networks of Miyato 2018 (arXiv 1802.05957) at 32 px with the hinge loss: G of width
// 256, D of width 128 with sum pooling, one step of each, batch 64. Without spectral
// normalisation, which the library does not have yet; both sides leave it out.
#include "bench/workload.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/networks.h"

namespace ganymede::bench {
namespace {

using loss::Adversarial;

class ResidualHinge final : public gans::Gan {
 public:
  explicit ResidualHinge(const SampleSpec& spec)
      : Gan(spec),
        generator_(
            network("generator", gans::Role::kAveraged,
                    [&] { return nn::residual_up(kLatentDim, 256, nn::ImageShape::of(spec)); })),
        discriminator_(network("discriminator", gans::Role::kTrained, [&] {
          return nn::residual_down(nn::ImageShape::of(spec), 128, {.sum_pool = true});
        })) {}

  std::vector<gans::Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  gans::Terms loss(const gans::Phase& phase, const Batch& reals, gans::Step& step) override {
    const at::Tensor fakes = generator_(step.latents(latent(), reals.size()));
    if (phase.name == "G") {
      return {{"adversarial", loss::generator(Adversarial::kHinge, discriminator_(fakes))}};
    }
    const at::Tensor real = discriminator_(reals.samples);
    const at::Tensor fake = discriminator_(fakes.detach());
    return {{"adversarial", loss::discriminator(Adversarial::kHinge, real, fake)}};
  }

  gans::Latent latent() const override { return {.dim = kLatentDim}; }
  at::Tensor generate(const gans::Request& request) override {
    return averaged(generator_).forward(request.latents(latent()));
  }

 private:
  static constexpr int64_t kLatentDim = 128;
  gans::NetworkRef generator_;
  gans::NetworkRef discriminator_;
};

const bool added = add_workload("resnet32", [] {
  const SampleSpec spec{.domain = "image", .shape = {3, 32, 32}};
  return std::make_unique<TrainingWorkload>(std::make_unique<ResidualHinge>(spec),
                                            adam(2e-4, 0.0, 0.9), /*batch=*/64);
});

}  // namespace
}  // namespace ganymede::bench
