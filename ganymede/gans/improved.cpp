// Improved techniques for training GANs: Salimans et al. 2016, arXiv 1606.03498, without labels, in
// the networks of the authors' CIFAR code (openai/improved-gan), of which the last layer here has
// one output. Feature matching, minibatch discrimination, historical averaging, one-sided label
// smoothing, virtual batch normalisation and weight normalisation each have a switch. One step: D
// on reals and fakes, then `generator_steps` updates of G, the first on the same fakes.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/data_init.h"
#include "ganymede/nn/gaussian_noise.h"
#include "ganymede/nn/history.h"
#include "ganymede/nn/minibatch.h"
#include "ganymede/nn/networks.h"
#include "ganymede/nn/virtual_norm.h"
#include "ganymede/nn/weight_norm.h"

namespace ganymede::gans {
namespace {

using loss::Adversarial;

enum class FeatureMatching { kOff, kL1, kL2 };
std::vector<std::pair<const char*, FeatureMatching>> enum_names(FeatureMatching) {
  return {
      {"off", FeatureMatching::kOff}, {"l1", FeatureMatching::kL1}, {"l2", FeatureMatching::kL2}};
}

enum class GeneratorNorm { kNone, kBatch, kVirtual };
std::vector<std::pair<const char*, GeneratorNorm>> enum_names(GeneratorNorm) {
  return {{"none", GeneratorNorm::kNone},
          {"batch", GeneratorNorm::kBatch},
          {"virtual", GeneratorNorm::kVirtual}};
}

struct ImprovedConfig {
  int64_t latent_dim = 100;
  int64_t base_channels = 64;
  Adversarial loss = Adversarial::kNonSaturating;
  int64_t generator_steps = 1;
  FeatureMatching feature_matching = FeatureMatching::kOff;
  int64_t minibatch_kernels = 100;
  int64_t minibatch_dims = 5;
  double history_weight = 0;
  double label_real = 0.9;
  GeneratorNorm generator_norm = GeneratorNorm::kBatch;
  int64_t reference_batch = 64;
  bool weight_norm = true;
  double input_noise = 0.2;
  double input_keep = 1.0;
  double hidden_keep = 0.5;

  static void describe(config::Schema<ImprovedConfig>& s) {
    using C = ImprovedConfig;
    s.field("latent_dim", &C::latent_dim, "size of z ~ U(0, 1)").range(1, 65536);
    s.field("base_channels", &C::base_channels,
            "width of G's layer next to the image, which doubles with every halving of its size; "
            "D's first convolutions have three quarters of it (the paper: 128 and 96)")
        .range(2, 4096);
    s.field("loss", &C::loss, "minimax or non_saturating").one_of({"minimax", "non_saturating"});
    s.field("generator_steps", &C::generator_steps, "updates of G for one of D").range(1, 100);
    s.field("feature_matching", &C::feature_matching,
            "G matches the mean features of D instead of fooling it: off, l1 or l2 (sec. 3.1)");
    s.field("minibatch_kernels", &C::minibatch_kernels,
            "similarities to the rest of the batch that D sees; 0: none (sec. 3.2)")
        .range(0, 4096);
    s.field("minibatch_dims", &C::minibatch_dims, "size of what each of them compares")
        .range(1, 256);
    s.field("history_weight", &C::history_weight,
            "both players pay this times the squared distance to their mean weights (sec. 3.3)")
        .at_least(0);
    s.field("label_real", &C::label_real, "D's target for reals; 1: no smoothing (sec. 3.4)")
        .range(0, 1);
    s.field("generator_norm", &C::generator_norm,
            "G's layers: none, batch, or virtual batch normalisation (sec. 3.5)");
    s.field("reference_batch", &C::reference_batch, "virtual: size of the fixed batch of z")
        .range(2, 4096);
    s.field("weight_norm", &C::weight_norm,
            "weight normalisation of D and of G's last layer, begun from data");
    s.field("input_noise", &C::input_noise, "deviation of the noise on D's input").range(0, 10);
    s.field("input_keep", &C::input_keep, "share of D's inputs that dropout keeps")
        .above(0)
        .at_most(1);
    s.field("hidden_keep", &C::hidden_keep, "the same within D").above(0).at_most(1);
  }
};

constexpr int64_t kInitImages = 500;

nn::ModulePtr dropout(double keep) { return keep == 1 ? nullptr : nn::dropout(keep); }

nn::ModulePtr generator_norm(const ImprovedConfig& config, int64_t channels) {
  switch (config.generator_norm) {
    case GeneratorNorm::kNone:
      return nullptr;
    case GeneratorNorm::kBatch:
      return nn::batch_norm(channels);
    case GeneratorNorm::kVirtual:
      return std::make_shared<nn::VirtualBatchNorm>(channels, config.reference_batch);
  }
  return nullptr;
}

nn::ModulePtr remembered(const ImprovedConfig& config, nn::ModulePtr net) {
  return config.history_weight > 0 ? std::make_shared<nn::History>(std::move(net)) : net;
}

// Dense to 4x4 (7x7 for 28 px), then 5x5 transposed convolutions that double. A norm takes the
// place of the layer's bias.
nn::ModulePtr make_generator(const ImprovedConfig& config, const nn::ImageShape& image) {
  const nn::Init init = nn::Init::normal(0, 0.05);
  const bool bias = config.generator_norm == GeneratorNorm::kNone;
  nn::ConvOptions up{.kernel = 5, .stride = 2, .padding = 2, .output_padding = 1, .bias = bias};
  up.weight_init = init;
  const int64_t start = image.height == 28 ? 7 : 4;
  int64_t channels = config.base_channels * (image.height / start / 2);
  auto net = std::make_shared<nn::Sequential>();
  net->push(
      nn::linear(config.latent_dim, channels * start * start, {.bias = bias, .weight_init = init}));
  net->push(generator_norm(config, channels * start * start));
  net->push(nn::relu());
  net->push(nn::reshape({channels, start, start}));
  for (int64_t size = start; size < image.height / 2; size *= 2, channels /= 2) {
    net->push(nn::conv_transpose(channels, channels / 2, up));
    net->push(generator_norm(config, channels / 2));
    net->push(nn::relu());
  }
  up.bias = true;
  net->push(config.weight_norm
                ? nn::weight_norm_conv_transpose(channels, image.channels, up,
                                                 {.train_gain = true, .init_deviation = 0.1})
                : nn::conv_transpose(channels, image.channels, up));
  net->push(nn::tanh());
  if (config.generator_norm != GeneratorNorm::kVirtual) return remembered(config, net);
  return remembered(config,
                    std::make_shared<nn::VirtualBatch>(net, config.reference_batch,
                                                       std::vector<int64_t>{config.latent_dim}));
}

// Nine convolutions, the mean over pixels, minibatch discrimination, one logit.
class DiscriminatorBuilder {
 public:
  DiscriminatorBuilder(const ImprovedConfig& config, int64_t channels)
      : config_(config), channels_(channels) {}

  void drop(double keep) { net_->push(dropout(keep)); }
  void noise(double deviation) { net_->push(nn::gaussian_noise(deviation)); }

  void conv(int64_t out, const nn::ConvOptions& geometry) {
    nn::ConvOptions plain = geometry;
    plain.weight_init = nn::Init::he_uniform(channels_ * geometry.kernel * geometry.kernel);
    plain.bias_init = nn::Init::constant(0);
    net_->push(config_.weight_norm ? nn::weight_norm_conv(channels_, out, geometry)
                                   : nn::conv(channels_, out, plain));
    net_->push(nn::leaky_relu());
    channels_ = out;
  }

  nn::ModulePtr finish() {
    net_->push(nn::global_mean());
    if (config_.minibatch_kernels > 0) {
      const nn::MinibatchOptions options{config_.minibatch_kernels, config_.minibatch_dims};
      net_->push(nn::minibatch_discrimination(channels_, options));
      channels_ += config_.minibatch_kernels;
    }
    net_->push(config_.weight_norm ? nn::weight_norm_linear(
                                         channels_, 1, {.train_gain = true, .init_deviation = 0.1})
                                   : nn::linear(channels_, 1));
    return net_;
  }

 private:
  ImprovedConfig config_;
  int64_t channels_;
  std::shared_ptr<nn::Sequential> net_ = std::make_shared<nn::Sequential>();
};

nn::ModulePtr make_discriminator(const ImprovedConfig& config, const nn::ImageShape& image) {
  const nn::ConvOptions same{.kernel = 3, .padding = 1};
  const nn::ConvOptions half{.kernel = 3, .stride = 2, .padding = 1};
  const int64_t width = config.base_channels * 3 / 4;
  DiscriminatorBuilder net(config, image.channels);
  net.noise(config.input_noise);
  net.drop(config.input_keep);
  for (const int64_t out : {width, 2 * width}) {
    net.conv(out, same);
    net.conv(out, same);
    net.conv(out, half);
    net.drop(config.hidden_keep);
  }
  net.conv(2 * width, {.kernel = 3});
  net.conv(2 * width, {.kernel = 1});
  net.conv(2 * width, {.kernel = 1});
  return remembered(config, net.finish());
}

class Improved final : public Gan {
 public:
  Improved(const ImprovedConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        image_(nn::ImageShape::of(spec, {16, 28, 32, 64, 128})),
        generator_(
            network("generator", Role::kAveraged, [&] { return make_generator(config, image_); })),
        discriminator_(network("discriminator", Role::kTrained,
                               [&] { return make_discriminator(config, image_); })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}, config_.generator_steps}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes =
        step.once("fakes", [&] { return generator_(step.latents(latent(), reals.size())); });
    Terms terms = phase.name == "D" ? discriminator_loss(reals.samples, fakes.detach(), step)
                                    : generator_loss(reals.samples, fakes);
    if (config_.history_weight > 0) {
      auto& history = dynamic_cast<nn::History&>(*phase.networks.front()->module);
      terms.push_back({"history", history.drift(step.index()), config_.history_weight});
    }
    return terms;
  }

  Latent latent() const override { return {config_.latent_dim, Latent::Kind::kUniform, 0, 1}; }

  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(request.latents(latent()));
  }

  // With minibatch discrimination a sample's logit depends on the samples beside it.
  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return discriminator_(samples).flatten();
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }

  // The fixed batch of z, and one pass of data for weight norm and minibatch discrimination.
  void prepare(const Batch& reals) override {
    Stream random(0, "improved/prepare");
    const at::Device device = reals.samples.device();
    nn::set_reference(*generator_->module,
                      latent().draw(random, config_.reference_batch).to(device));
    const at::NoGradGuard no_grad;
    const nn::DataInit init;
    const nn::ForwardScope scope(nn::Mode::kTrain, &random);
    generator_(latent().draw(random, kInitImages).to(device));
    discriminator_(reals.samples.slice(0, 0, kInitImages));
  }

 private:
  Terms discriminator_loss(const at::Tensor& reals, const at::Tensor& fakes, Step& step) {
    const at::Tensor real = discriminator_(reals);
    const at::Tensor fake = discriminator_(fakes);
    const loss::Labels labels{.real = config_.label_real};
    return {{"adversarial", loss::discriminator(config_.loss, real, fake, labels, &step.random())},
            observed("accuracy", loss::accuracy(real, fake)),
            observed("logit/real", real.detach().mean()),
            observed("logit/fake", fake.detach().mean())};
  }

  Terms generator_loss(const at::Tensor& reals, const at::Tensor& fakes) {
    if (config_.feature_matching == FeatureMatching::kOff) {
      return {{"adversarial", loss::generator(config_.loss, discriminator_(fakes))}};
    }
    // Each draws D's noise: one by one.
    const at::Tensor real = discriminator_.features(reals).mean(0);
    const at::Tensor gap = real - discriminator_.features(fakes).mean(0);
    const bool l1 = config_.feature_matching == FeatureMatching::kL1;
    return {{"feature_matching", (l1 ? gap.abs() : gap.square()).mean()}};
  }

  ImprovedConfig config_;
  nn::ImageShape image_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_improved(Registry& registry) {
  registry.add<Improved, ImprovedConfig>({.name = "improved",
                                          .title = "Improved techniques for training GANs",
                                          .paper = "Salimans et al. 2016, arXiv 1606.03498",
                                          .task = "unconditional generation",
                                          .domains = {"image"},
                                          .sizes = "16, 28, 32, 64, 128 px"});
}

}  // namespace ganymede::gans
