// DCGAN-64 with the R1 penalty (Mescheder 2018, arXiv 1801.04406) in every step: double backward
// through the discriminator, which has no batch normalisation then, as the penalty speaks of
// single samples. Weight 10, batch 64.
#include "bench/workload.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/loss/penalty.h"
#include "ganymede/nn/networks.h"

namespace ganymede::bench {
namespace {

using loss::Adversarial;

class PenalisedDcgan final : public gans::Gan {
 public:
  explicit PenalisedDcgan(const SampleSpec& spec)
      : Gan(spec),
        generator_(network("generator", gans::Role::kAveraged,
                           [&] { return nn::conv_pyramid_up(kLatentDim, kBase, image()); })),
        discriminator_(network("discriminator", gans::Role::kTrained, [&] {
          return nn::conv_pyramid_down(image(), kBase, {.norm = nn::Norm::kNone});
        })) {}

  std::vector<gans::Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  gans::Terms loss(const gans::Phase& phase, const Batch& reals, gans::Step& step) override {
    const at::Tensor fakes =
        step.once("fakes", [&] { return generator_(step.latents(latent(), reals.size())); });
    if (phase.name == "G") {
      return {{"adversarial", loss::generator(Adversarial::kNonSaturating, discriminator_(fakes))}};
    }
    const at::Tensor real = discriminator_(reals.samples);
    const at::Tensor fake = discriminator_(fakes.detach());
    return {{"adversarial", loss::discriminator(Adversarial::kNonSaturating, real, fake)},
            {"r1", loss::zero_centered_penalty(discriminator_, reals.samples), kWeight}};
  }

  gans::Latent latent() const override { return {.dim = kLatentDim}; }
  at::Tensor generate(const gans::Request& request) override {
    return averaged(generator_).forward(request.latents(latent()));
  }

 private:
  static constexpr int64_t kLatentDim = 100, kBase = 64;
  static constexpr double kWeight = 10;
  nn::ImageShape image() const { return nn::ImageShape::of(spec()); }
  gans::NetworkRef generator_;
  gans::NetworkRef discriminator_;
};

const bool added = add_workload("dcgan64_r1", [] {
  const SampleSpec spec{.domain = "image", .shape = {3, 64, 64}};
  return std::make_unique<TrainingWorkload>(std::make_unique<PenalisedDcgan>(spec),
                                            adam(2e-4, 0.5, 0.999), /*batch=*/64);
});

}  // namespace
}  // namespace ganymede::bench
