// Unrolled GAN: Metz, Poole, Pfau, Sohl-Dickstein 2017, arXiv 1611.02163. G is judged by the D that
// `unroll_steps` further updates would make of the present one (eq. 7-9), and its gradient goes
// through those updates, or (`through_updates` off) takes that D as given: the first-order form. D
// itself takes ordinary steps.
//
// Networks: points: MLPs as in the paper's toy problem; images: DCGAN's, D without normalisation.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/borrowed_weights.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

using loss::Adversarial;

struct UnrolledConfig {
  int64_t latent_dim = 256;
  std::vector<int64_t> generator_units = {128, 128};
  std::vector<int64_t> discriminator_units = {128};
  int64_t base_channels = 64;
  Adversarial loss = Adversarial::kMinimax;
  int64_t unroll_steps = 3;
  double unroll_rate = 0.1;
  bool through_updates = true;

  static void describe(config::Schema<UnrolledConfig>& s) {
    using C = UnrolledConfig;
    s.field("latent_dim", &C::latent_dim, "size of z ~ N(0, 1)").range(1, 65536);
    s.field("generator_units", &C::generator_units, "points: ReLU layers of G").at_least(1);
    s.field("discriminator_units", &C::discriminator_units, "points: ReLU layers of D").at_least(1);
    s.field("base_channels", &C::base_channels, "images: width next to the image").range(1, 4096);
    s.field("loss", &C::loss,
            "what G does to the D to come: minimax (the paper's value of the game, reals "
            "included), or non_saturating")
        .one_of({"minimax", "non_saturating"});
    s.field("unroll_steps", &C::unroll_steps, "updates of D that G looks ahead; 0: a plain GAN")
        .range(0, 100);
    s.field("unroll_rate", &C::unroll_rate, "rate of those updates, gradient steps as in eq. 8")
        .above(0);
    s.field("through_updates", &C::through_updates,
            "G's gradient goes through those updates; off: the first-order form");
  }
};

nn::ModulePtr make_generator(const UnrolledConfig& config, const SampleSpec& spec) {
  if (spec.domain == "image") {
    return nn::conv_pyramid_up(config.latent_dim, config.base_channels,
                               nn::ImageShape::of(spec, nn::pyramid_sizes()));
  }
  return nn::sequence(nn::mlp(config.latent_dim, config.generator_units, spec.elements()),
                      nn::reshape(spec.shape));
}

nn::ModulePtr make_discriminator(const UnrolledConfig& config, const SampleSpec& spec) {
  if (spec.domain == "image") {
    return nn::conv_pyramid_down(nn::ImageShape::of(spec, nn::pyramid_sizes()),
                                 config.base_channels, {.norm = nn::Norm::kNone});
  }
  return nn::mlp(spec.elements(), config.discriminator_units, 1);
}

class Unrolled final : public Gan {
 public:
  Unrolled(const UnrolledConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        generator_(
            network("generator", Role::kAveraged, [&] { return make_generator(config, spec); })),
        discriminator_(network("discriminator", Role::kTrained,
                               [&] { return make_discriminator(config, spec); })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes =
        step.once("fakes", [&] { return generator_(step.latents(latent(), reals.size())); });
    if (phase.name == "D") return discriminator_loss(reals.samples, fakes.detach());
    return {{"adversarial", against_d_to_come(reals.samples, fakes)}};
  }

  Latent latent() const override { return {config_.latent_dim}; }

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
  Terms discriminator_loss(const at::Tensor& reals, const at::Tensor& fakes) {
    const at::Tensor real = discriminator_(reals);
    const at::Tensor fake = discriminator_(fakes);
    return {{"adversarial", loss::discriminator(config_.loss, real, fake)},
            observed("accuracy", loss::accuracy(real, fake)),
            observed("logit/real", real.detach().mean()),
            observed("logit/fake", fake.detach().mean())};
  }

  at::Tensor against_d_to_come(const at::Tensor& reals, const at::Tensor& fakes) {
    nn::BorrowedWeights weights(*discriminator_->module);
    std::vector<at::Tensor> current;
    for (const at::Tensor& tensor : weights.own()) {
      current.push_back(tensor.detach().requires_grad_());
    }
    weights.use(current);
    for (int64_t k = 0; k < config_.unroll_steps; ++k) {
      current = updated(current, value(reals, fakes));
      weights.use(current);
    }
    if (config_.loss == Adversarial::kMinimax) return -value(reals, fakes);
    return loss::generator(config_.loss, discriminator_(fakes));
  }

  // D's loss; G's minimax loss is its opposite (eq. 2, 9).
  at::Tensor value(const at::Tensor& reals, const at::Tensor& fakes) {
    return loss::discriminator(config_.loss, discriminator_(reals), discriminator_(fakes));
  }

  // One gradient step of D as part of the graph (eq. 8), or without its past.
  std::vector<at::Tensor> updated(const std::vector<at::Tensor>& weights,
                                  const at::Tensor& loss) const {
    const bool through = config_.through_updates;
    const auto gradients = torch::autograd::grad({loss}, weights, /*grad_outputs=*/{},
                                                 /*retain_graph=*/true, /*create_graph=*/through);
    std::vector<at::Tensor> next;
    for (size_t k = 0; k < weights.size(); ++k) {
      const at::Tensor moved = weights[k] - gradients[k] * config_.unroll_rate;
      next.push_back(through ? moved : moved.detach().requires_grad_());
    }
    return next;
  }

  UnrolledConfig config_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_unrolled(Registry& registry) {
  registry.add<Unrolled, UnrolledConfig>(
      {.name = "unrolled",
       .title = "Unrolled GAN: G looks several updates of D ahead",
       .paper = "Metz, Poole, Pfau, Sohl-Dickstein 2017, arXiv 1611.02163",
       .task = "unconditional generation",
       .domains = {"points", "image"},
       .sizes = "8, 16, 28, 32, 64, 128, 256 px"});
}

}  // namespace ganymede::gans
