// A gan of one's own outside the library: declare it, add it to the registry, train it on a
// built-in set. Usage: own_gan [FOLDER]
#include <ATen/ATen.h>

#include <cstdio>
#include <filesystem>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/loss/penalty.h"
#include "ganymede/nn/networks.h"
#include "ganymede/train/run.h"

namespace {

using namespace ganymede;
using namespace ganymede::gans;

struct RidgeConfig {
  int64_t units = 64;
  double penalty_weight = 1.0;
  static void describe(config::Schema<RidgeConfig>& s) {
    s.field("units", &RidgeConfig::units, "width of both networks").range(1, 4096);
    s.field("penalty_weight", &RidgeConfig::penalty_weight, "weight of the R1 penalty").at_least(0);
  }
};

// Non-saturating loss with an R1 penalty on the reals (Mescheder 2018, arXiv 1801.04406).
class Ridge final : public Gan {
 public:
  Ridge(const RidgeConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        generator_(
            network("generator", Role::kAveraged,
                    [&] { return nn::mlp(8, {config.units, config.units}, spec.elements()); })),
        discriminator_(network("discriminator", Role::kTrained, [&] {
          return nn::mlp(spec.elements(), {config.units, config.units}, 1);
        })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    constexpr auto kKind = loss::Adversarial::kNonSaturating;
    const at::Tensor fakes = generator_(step.latents(latent(), reals.size()));
    if (phase.name == "G") return {{"adversarial", loss::generator(kKind, discriminator_(fakes))}};
    return {
        {"adversarial",
         loss::discriminator(kKind, discriminator_(reals.samples), discriminator_(fakes.detach()))},
        {"r1", loss::zero_centered_penalty(discriminator_, reals.samples), config_.penalty_weight}};
  }

  Latent latent() const override { return {.dim = 8}; }
  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(request.latents(latent()));
  }

 private:
  RidgeConfig config_;
  NetworkRef generator_, discriminator_;
};

constexpr const char* kRecipe = R"(
[gan]
name = "ridge"
[data]
path = "ring8"
[train]
kimg = 20
batch = 256
)";

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : "runs/ridge";
  registry().add<Ridge, RidgeConfig>({.name = "ridge",
                                      .title = "Small GAN with an R1 penalty",
                                      .paper = "Mescheder, Geiger, Nowozin 2018",
                                      .task = "unconditional generation",
                                      .domains = {"points"},
                                      .sizes = "any"});
  try {
    train::Session session(config::Recipe::parse(kRecipe, "ridge"));
    std::filesystem::create_directories(folder);
    Progress progress(ProgressMode::kPlain, "ridge", "kimg");
    const train::RunResult result = train::train_run(session, folder, progress);
    std::printf("samples in %s\n", result.picture.c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.exit_code();
  }
  return 0;
}
