// The first GAN: Goodfellow et al. 2014, arXiv 1406.2661, with the networks of the authors' code
// (goodfeli/adversarial) for MNIST, faces and CIFAR-10. Algorithm 1: `discriminator_steps` updates
// of D, each on fresh reals and fresh z, then one of G. It plays images and sets of points.
//
// The paper's pixels lie in [0, 1], ours in [-1, 1]: G ends in 2 sigmoid - 1 and D looks at
// (x + 1) / 2, which is the same game. Points keep their units and G ends linearly.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/networks_2014.h"

namespace ganymede::gans {
namespace {

using loss::Adversarial;

constexpr double kMarginalFloor = 0.01;  // keeps the bias of always black pixels finite

enum class Family { kMlp, kConv };
std::vector<std::pair<const char*, Family>> enum_names(Family) {
  return {{"mlp", Family::kMlp}, {"conv", Family::kConv}};
}

struct Gan2014Config {
  Family networks = Family::kMlp;
  int64_t latent_dim = 100;
  Latent::Kind latent = Latent::Kind::kUniform;
  std::vector<int64_t> generator_units = {1200, 1200};
  std::vector<int64_t> discriminator_units = {240, 240};
  int64_t maxout_pieces = 5;
  double input_keep = 0.8;
  double hidden_keep = 0.5;
  bool sigmoid_last = false;
  bool linear_output = false;
  double generator_init = 0.05;
  double output_init = 0;
  double discriminator_init = 0.005;
  bool marginal_bias = true;
  Adversarial loss = Adversarial::kNonSaturating;
  int64_t discriminator_steps = 1;

  static void describe(config::Schema<Gan2014Config>& s) {
    s.field("networks", &Gan2014Config::networks,
            "mlp, or CIFAR-10's conv: deconvolution against maxout convolutions");
    s.field("latent_dim", &Gan2014Config::latent_dim, "size of z").range(1, 65536);
    s.field("latent", &Gan2014Config::latent,
            "z ~ U(-sqrt 3, sqrt 3) as in the paper's code, or N(0, 1); both of variance 1");
    s.field("generator_units", &Gan2014Config::generator_units, "ReLU layers of G").at_least(1);
    s.field("discriminator_units", &Gan2014Config::discriminator_units, "maxout layers of D")
        .at_least(1);
    s.field("maxout_pieces", &Gan2014Config::maxout_pieces,
            "linear maps of which a maxout unit takes the largest; 1: ReLU units instead")
        .range(1, 64);
    s.field("input_keep", &Gan2014Config::input_keep,
            "share of D's inputs that dropout keeps; 1: no dropout")
        .above(0)
        .at_most(1);
    s.field("hidden_keep", &Gan2014Config::hidden_keep,
            "share of D's hidden units that dropout keeps; 1: no dropout")
        .above(0)
        .at_most(1);
    s.field("sigmoid_last", &Gan2014Config::sigmoid_last,
            "G's last hidden layer is sigmoid, as for CIFAR-10 and faces");
    s.field("linear_output", &Gan2014Config::linear_output,
            "images: G's pixels are unbounded, as for CIFAR-10; samples are cut to the range");
    s.field("generator_init", &Gan2014Config::generator_init,
            "G's weights begin uniform in +- this with zero bias; 0: +-1/sqrt(inputs) for both")
        .range(0, 1);
    s.field("output_init", &Gan2014Config::output_init,
            "the same for G's last layer; 0: as generator_init")
        .range(0, 1);
    s.field("discriminator_init", &Gan2014Config::discriminator_init, "the same for D").range(0, 1);
    s.field("marginal_bias", &Gan2014Config::marginal_bias,
            "images, mlp: G's output bias begins at the mean of every pixel");
    s.field("loss", &Gan2014Config::loss, "minimax (eq. 1) or non_saturating (sec. 3)")
        .one_of({"minimax", "non_saturating"});
    s.field("discriminator_steps", &Gan2014Config::discriminator_steps,
            "k of Algorithm 1: updates of D for one of G")
        .range(1, 1000);
  }

  nn::Networks2014 options() const {
    return {latent_dim,          generator_units, sigmoid_last,      linear_output,
            discriminator_units, maxout_pieces,   input_keep,        hidden_keep,
            generator_init,      output_init,     discriminator_init};
  }
};

nn::ModulePtr make_generator(const Gan2014Config& config, const SampleSpec& spec) {
  const bool conv = config.networks == Family::kConv;
  return conv ? nn::deconv_generator_2014(config.options(), spec)
              : nn::generator_2014(config.options(), spec);
}

nn::ModulePtr make_discriminator(const Gan2014Config& config, const SampleSpec& spec) {
  const bool conv = config.networks == Family::kConv;
  return conv ? nn::conv_discriminator_2014(config.options(), spec)
              : nn::discriminator_2014(config.options(), spec);
}

class Gan2014 final : public Gan {
 public:
  Gan2014(const Gan2014Config& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        generator_(
            network("generator", Role::kAveraged, [&] { return make_generator(config, spec); })),
        discriminator_(network("discriminator", Role::kTrained,
                               [&] { return make_discriminator(config, spec); })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}, config_.discriminator_steps}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes = generator_(step.latents(latent(), reals.size()));
    if (phase.name == "D") return discriminator_loss(reals.samples, fakes);
    return {{"adversarial", loss::generator(config_.loss, discriminator_(fakes))}};
  }

  Latent latent() const override {
    const double bound = std::sqrt(3.0);
    return {config_.latent_dim, config_.latent, -bound, bound};
  }

  at::Tensor generate(const Request& request) override {
    const at::Tensor samples = averaged(generator_).forward(request.latents(latent()));
    return spec().domain == "image" ? samples.clamp(-1, 1) : samples;
  }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return discriminator_(samples).flatten();
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }

  // The output bias begins at the logit of every pixel's mean, so that G's first pictures have the
  // data's marginals.
  void prepare(const Batch& reals) override {
    if (!config_.marginal_bias || spec().domain != "image") return;
    if (config_.linear_output || config_.networks == Family::kConv) return;
    const at::NoGradGuard no_grad;
    const at::Tensor mean =
        ((reals.samples.mean(0).flatten() + 1) * 0.5).clamp(kMarginalFloor, 1 - kMarginalFloor);
    at::Tensor bias;  // the output layer's, and so the last parameter
    generator_->module->each_parameter(
        [&](const std::string&, at::Tensor& tensor) { bias = tensor; });
    bias.copy_(at::logit(mean));
  }

 private:
  Terms discriminator_loss(const at::Tensor& reals, const at::Tensor& fakes) {
    // In one pass, as nothing in D looks from one sample to another: half as many products and
    // gradients of weights as in two.
    const auto logits = discriminator_(at::cat({reals, fakes.detach()})).chunk(2);
    const at::Tensor &real = logits[0], &fake = logits[1];
    return {{"adversarial", loss::discriminator(config_.loss, real, fake)},
            observed("accuracy", loss::accuracy(real, fake)),
            observed("logit/real", real.detach().mean()),
            observed("logit/fake", fake.detach().mean())};
  }

  Gan2014Config config_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_gan2014(Registry& registry) {
  registry.add<Gan2014, Gan2014Config>({.name = "gan2014",
                                        .title = "The first GAN, of fully connected networks",
                                        .paper = "Goodfellow et al. 2014, arXiv 1406.2661",
                                        .task = "unconditional generation",
                                        .domains = {"image", "points"},
                                        .sizes = "any"});
}

}  // namespace ganymede::gans
