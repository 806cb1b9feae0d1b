// 3D-GAN: Wu, Zhang, Xue, Freeman, Tenenbaum 2016, arXiv 1610.07584: solids of 64^3 voxels from a
// vector, by the networks of its appendix (also 16, 32 and 128 voxels a side). Per step, D sees
// reals and fakes in two passes, then G plays against it with the same fakes.
//
// D learns far faster here: the paper gives it 1/250 of G's learning rate and lets it rest while it
// judges more than 80 % of a batch rightly. Resting is decided on the batch at hand, before the
// update, as public implementations do.
#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/gans/game.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/volumes.h"

namespace ganymede::gans {
namespace {

struct Gan3dConfig : Game {
  int64_t latent_dim = 200;
  Latent::Kind latent = Latent::Kind::kUniform;
  int64_t base_channels = 64;
  bool discriminator_norm = true;
  double accuracy_limit = 0.8;

  static void describe(config::Schema<Gan3dConfig>& s) {
    s.field("latent_dim", &Gan3dConfig::latent_dim, "size of z").range(1, 65536);
    s.field("latent", &Gan3dConfig::latent, "z ~ U(0, 1) as in the paper, or N(0, 1)");
    s.field("base_channels", &Gan3dConfig::base_channels,
            "width of the layer next to the solid; doubles with every halving of its side")
        .range(1, 4096);
    s.field("discriminator_norm", &Gan3dConfig::discriminator_norm,
            "batch normalisation in D: penalties that speak of single samples want none");
    s.field("accuracy_limit", &Gan3dConfig::accuracy_limit,
            "D rests while it judges more than this share of a batch rightly; 1: never")
        .range(0, 1);
    describe_game(s);
  }
};

nn::VolumePyramidOptions pyramid_of(const Gan3dConfig& config, const SampleSpec& spec, bool norm) {
  const auto& shape = spec.shape;
  const bool cubic =
      shape.size() == 4 && shape[0] == 1 && shape[1] == shape[2] && shape[2] == shape[3];
  if (spec.domain != "voxels" || !cubic) {
    throw UsageError({.where = "data",
                      .found = "samples of the domain " + spec.domain,
                      .allowed = "solids [1, side, side, side]",
                      .remedy = "a folder of .binvox or .off files, or an array [N, side, side, "
                                "side]"});
  }
  return {.side = shape[1], .base_channels = config.base_channels, .norm = norm};
}

class Gan3d final : public Gan {
 public:
  Gan3d(const Gan3dConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        generator_(network("generator", Role::kAveraged,
                           [&] {
                             return nn::volume_pyramid_up(config.latent_dim,
                                                          pyramid_of(config, spec, true));
                           })),
        discriminator_(network("discriminator", Role::kTrained, [&] {
          return nn::volume_pyramid_down(pyramid_of(config, spec, config.discriminator_norm));
        })) {
    check(config_);
  }

  std::vector<Phase> phases() const override {
    return game_phases(config_, discriminator_, generator_);
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes =
        step.once("fakes", [&] { return generator_(step.latents(latent(), reals.size())); });
    Terms terms =
        game_terms(config_, phase, discriminator_, reals.samples, fakes, *generator_->module, step);
    if (phase.name == "D" && config_.accuracy_limit < 1) rest_if_ahead(terms);
    return terms;
  }

  Latent latent() const override { return {config_.latent_dim, config_.latent, 0, 1}; }

  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(request.latents(latent()));
  }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return discriminator_(samples).flatten();
  }
  // What the paper classifies objects by.
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }

 private:
  // Leaves nothing to learn from: the trainer makes no update of D.
  void rest_if_ahead(Terms& terms) const {
    const auto accuracy = std::ranges::find(terms, "accuracy", &Term::name);
    if (accuracy == terms.end()) return;  // a loss without right and wrong
    constexpr double kRounding = 1e-6;    // 4 of 5 in float32 is a little more than 0.8
    const bool rests = accuracy->value.item<float>() > config_.accuracy_limit + kRounding;
    if (rests) {
      for (Term& term : terms) term = observed(term.name, term.value);
    }
    terms.push_back(observed("rests", at::scalar_tensor(rests ? 1.0 : 0.0)));
  }

  Gan3dConfig config_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_gan3d(Registry& registry) {
  registry.add<Gan3d, Gan3dConfig>({.name = "gan3d",
                                    .title = "3D-GAN: solids of voxels",
                                    .paper = "Wu et al. 2016, arXiv 1610.07584",
                                    .task = "unconditional generation",
                                    .domains = {"voxels"},
                                    .sizes = "16^3, 32^3, 64^3, 128^3 voxels"});
}

}  // namespace ganymede::gans
