// Pictures to pictures, without pairs: Zhu, Park, Isola, Efros 2017, arXiv 1703.10593, with the
// numbers of junyanz/pytorch-CycleGAN-and-pix2pix. Two generators, A to B and B to A, each against
// a D of its own side; there and back again must give the picture (cycle), and a picture that is on
// the right side already may be asked to stay (identity). Both generators move first, as one
// player, then both discriminators, which see fakes of the last steps from a pool. In a sample's
// terms A is what is given and B the sample.
#include <ATen/ATen.h>

#include <algorithm>
#include <memory>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/image_pool.h"
#include "ganymede/nn/translation_networks.h"

namespace ganymede::gans {
namespace {

struct CycleganConfig {
  int64_t base_channels = 64;
  int64_t blocks = 9;
  nn::PictureNorm norm = nn::PictureNorm::kInstance;
  nn::Doubling doubling = nn::Doubling::kTransposed;
  int64_t discriminator_channels = 64;
  int64_t discriminator_layers = 3;
  loss::Adversarial loss = loss::Adversarial::kLeastSquares;
  double cycle_weight = 10;
  double identity_weight = 0.5;
  int64_t pool_size = 50;

  static void describe(config::Schema<CycleganConfig>& s) {
    using C = CycleganConfig;
    s.field("base_channels", &C::base_channels, "width of the generators next to the picture")
        .range(1, 1024);
    s.field("blocks", &C::blocks, "residual blocks: 9 for 256 px, 6 for 128 px and less")
        .range(1, 64);
    s.field("norm", &C::norm, "normalisation in all networks: instance, batch or none");
    s.field("doubling", &C::doubling,
            "transposed convolutions, or resize: repeated pixels, which leave no checkerboard");
    s.field("discriminator_channels", &C::discriminator_channels,
            "width of the discriminators next to the picture")
        .range(1, 1024);
    s.field("discriminator_layers", &C::discriminator_layers,
            "halvings of D: 3 sees 70 x 70 px, 2 34 x 34, 1 16 x 16; 0: single pixels")
        .range(0, 6);
    s.field("loss", &C::loss, "adversarial loss");
    s.field("cycle_weight", &C::cycle_weight, "weight of the distance after there and back again")
        .at_least(0);
    s.field("identity_weight", &C::identity_weight,
            "times cycle_weight: weight of the change to a picture of the right side; 0: none")
        .at_least(0);
    s.field("pool_size", &C::pool_size,
            "past fakes for each D; 0: it sees the fakes of the step alone")
        .range(0, 10000);
  }
};

[[noreturn]] void refuse(const std::string& found, const std::string& allowed) {
  throw UsageError({.where = "gan cyclegan",
                    .found = found,
                    .allowed = allowed,
                    .remedy = "see docs/translate.md for data of two kinds"});
}

at::Tensor distance(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().mean(); }

class Cyclegan final : public Gan {
 public:
  Cyclegan(const CycleganConfig& config, const SampleSpec& spec)
      : Gan(checked(config, spec)),
        config_(config),
        a_to_b_(network("generator_ab", Role::kAveraged, [this] { return translator(); })),
        b_to_a_(network("generator_ba", Role::kAveraged, [this] { return translator(); })),
        judge_a_(network("discriminator_a", Role::kTrained, [this] { return judge(); })),
        judge_b_(network("discriminator_b", Role::kTrained, [this] { return judge(); })),
        pool_a_(std::make_shared<nn::ImagePool>(config.pool_size, spec.shape)),
        pool_b_(std::make_shared<nn::ImagePool>(config.pool_size, spec.shape)) {
    network("pool_a", Role::kFrozen, [this] { return pool_a_; });
    network("pool_b", Role::kFrozen, [this] { return pool_b_; });
  }

  std::vector<Phase> phases() const override {
    return {{"G", {a_to_b_, b_to_a_}}, {"D", {judge_a_, judge_b_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor& a = reals.given;
    const at::Tensor& b = reals.samples;
    const at::Tensor fake_b = step.once("fake_b", [&] { return a_to_b_(a); });
    const at::Tensor fake_a = step.once("fake_a", [&] { return b_to_a_(b); });
    Terms terms;
    if (phase.name == "G") {
      add_generators(terms, a, b, fake_a, fake_b);
      return terms;
    }
    const at::Tensor of_a =
        add_discriminator(terms, "a", judge_a_, a, pooled("pooled_a", *pool_a_, fake_a, step));
    const at::Tensor of_b =
        add_discriminator(terms, "b", judge_b_, b, pooled("pooled_b", *pool_b_, fake_b, step));
    if (of_a.defined()) terms.push_back(observed("accuracy", (of_a + of_b) / 2));
    return terms;
  }

  Latent latent() const override { return {.dim = 0}; }
  std::vector<std::string> directions() const override { return {"A to B", "B to A"}; }
  int64_t size_multiple() const override { return 4; }

  at::Tensor generate(const Request& request) override {
    return averaged(request.direction == 1 ? b_to_a_ : a_to_b_).forward(request.given);
  }

  // Of the side of the samples, B.
  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return judge_b_(samples).flatten(1).mean(1);
  }
  at::Tensor features(const at::Tensor& samples) override {
    return judge_b_->module->features(samples);
  }

 private:
  static nn::PatchOptions patches(const CycleganConfig& config) {
    return {.base_channels = config.discriminator_channels,
            .layers = config.discriminator_layers,
            .norm = config.norm};
  }

  static const SampleSpec& checked(const CycleganConfig& config, const SampleSpec& spec) {
    if (!spec.takes_given()) {
      refuse("samples of the domain " + spec.domain + " alone", "pictures of two kinds");
    }
    if (spec.shape.size() != 3 || spec.given[0].shape != spec.shape) {
      refuse("the two kinds are no pictures of one size", "pictures of one size and colour");
    }
    const int64_t smallest = std::max<int64_t>(8, nn::smallest_patch_side(patches(config)));
    for (const int64_t side : {spec.shape[1], spec.shape[2]}) {
      if (side % 4 == 0 && side >= smallest) continue;
      refuse("pictures with a side of " + std::to_string(side) + " px",
             "multiples of 4 px from " + std::to_string(smallest) + " px");
    }
    return spec;
  }

  nn::ModulePtr translator() const {
    return nn::resnet_translator(spec().shape[0], spec().shape[0],
                                 {.base_channels = config_.base_channels,
                                  .blocks = config_.blocks,
                                  .norm = config_.norm,
                                  .doubling = config_.doubling});
  }
  nn::ModulePtr judge() const { return nn::patch_discriminator(spec().shape[0], patches(config_)); }

  // The authors' least squares have no 1/2 of its own, and their D counts half.
  double adversarial_weight() const {
    return config_.loss == loss::Adversarial::kLeastSquares ? 2 : 1;
  }

  void add_generators(Terms& terms, const at::Tensor& a, const at::Tensor& b,
                      const at::Tensor& fake_a, const at::Tensor& fake_b) const {
    const loss::Objective objective = config_.loss;
    const double cycle = config_.cycle_weight;
    terms.push_back(
        {"adversarial_ab", loss::generator(objective, judge_b_(fake_b)), adversarial_weight()});
    terms.push_back(
        {"adversarial_ba", loss::generator(objective, judge_a_(fake_a)), adversarial_weight()});
    terms.push_back({"cycle_a", distance(b_to_a_(fake_b), a), cycle});
    terms.push_back({"cycle_b", distance(a_to_b_(fake_a), b), cycle});
    if (config_.identity_weight == 0) return;
    terms.push_back({"identity_a", distance(b_to_a_(a), a), cycle * config_.identity_weight});
    terms.push_back({"identity_b", distance(a_to_b_(b), b), cycle * config_.identity_weight});
  }

  // Gives D's accuracy, undefined where the loss has none.
  at::Tensor add_discriminator(Terms& terms, const std::string& side, const NetworkRef& judge,
                               const at::Tensor& reals, const at::Tensor& fakes) const {
    const at::Tensor real = judge(reals);
    const at::Tensor fake = judge(fakes);
    const loss::Objective objective = config_.loss;
    terms.push_back({"adversarial_" + side, loss::discriminator(objective, real, fake),
                     adversarial_weight() / 2});
    return loss::accuracy(objective, real, fake);
  }

  static at::Tensor pooled(const std::string& name, nn::ImagePool& pool, const at::Tensor& fakes,
                           Step& step) {
    return step.once(name, [&] { return pool.exchange(fakes, step.random()); });
  }

  CycleganConfig config_;
  NetworkRef a_to_b_;
  NetworkRef b_to_a_;
  NetworkRef judge_a_;
  NetworkRef judge_b_;
  std::shared_ptr<nn::ImagePool> pool_a_;
  std::shared_ptr<nn::ImagePool> pool_b_;
};

}  // namespace

void register_cyclegan(Registry& registry) {
  registry.add<Cyclegan, CycleganConfig>(
      {.name = "cyclegan",
       .title = "Unpaired image-to-image translation with cycle-consistent networks",
       .paper = "Zhu, Park, Isola, Efros 2017, arXiv 1703.10593",
       .task = "picture to picture, without pairs, both ways",
       .domains = {"image"},
       .sizes = "sides that are multiples of 4 px; any size when translating"});
}

}  // namespace ganymede::gans
