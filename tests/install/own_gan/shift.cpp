// The smallest gan there can be, outside of the library's tree: G is one linear map.
#include <ATen/core/Tensor.h>

#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

struct ShiftConfig {
  int64_t units = 16;
  static void describe(config::Schema<ShiftConfig>& s) {
    s.field("units", &ShiftConfig::units, "width of D").range(1, 4096);
  }
};

class Shift final : public Gan {
 public:
  Shift(const ShiftConfig& config, const SampleSpec& spec)
      : Gan(spec),
        generator_(
            network("generator", Role::kAveraged, [&] { return nn::mlp(2, {}, spec.elements()); })),
        discriminator_(network("discriminator", Role::kTrained,
                               [&] { return nn::mlp(spec.elements(), {config.units}, 1); })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    constexpr auto kKind = loss::Adversarial::kNonSaturating;
    const at::Tensor fakes = generator_(step.latents(latent(), reals.size()));
    if (phase.name == "G") return {{"adversarial", loss::generator(kKind, discriminator_(fakes))}};
    return {{"adversarial", loss::discriminator(kKind, discriminator_(reals.samples),
                                                discriminator_(fakes.detach()))}};
  }

  Latent latent() const override { return {.dim = 2}; }
  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(request.latents(latent()));
  }

 private:
  NetworkRef generator_, discriminator_;
};

}  // namespace

void register_shift(Registry& registry) {
  registry.add<Shift, ShiftConfig>({.name = "shift",
                                    .title = "Linear generator",
                                    .paper = "none",
                                    .task = "unconditional generation",
                                    .domains = {"points"},
                                    .sizes = "any"});
}

}  // namespace ganymede::gans
