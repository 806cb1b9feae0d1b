// Auxiliary classifier GAN: Odena, Olah, Shlens 2017, arXiv 1610.09585, with the CIFAR-10 networks
// of its table 2. G takes z beside the label; D does not see the label but names it: it has one
// logit for the source (L_S, eq. 2) and one for each class (L_C, eq. 3). D maximises L_S + L_C,
// G maximises L_C - L_S (here in the non-saturating form). Labels of fakes are drawn evenly.
#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/gans/conditional.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/conditioning.h"
#include "ganymede/nn/gaussian_noise.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

constexpr int64_t kSmallestStart = 4;  // px where G begins, or the next that halving reaches

struct AcganConfig {
  int64_t latent_dim = 100;
  int64_t generator_channels = 96;
  int64_t discriminator_channels = 16;
  double keep = 0.5;
  double activation_noise = 0;
  double class_weight = 1;
  FakeLabels fake_labels = FakeLabels::kUniform;

  static void describe(config::Schema<AcganConfig>& s) {
    s.field("latent_dim", &AcganConfig::latent_dim, "size of z ~ N(0, 1)").range(1, 65536);
    s.field("generator_channels", &AcganConfig::generator_channels,
            "G's width next to the image; doubles with every halving of its size")
        .range(1, 4096);
    s.field("discriminator_channels", &AcganConfig::discriminator_channels,
            "D's first width; doubles with each of its six layers")
        .range(1, 1024);
    s.field("keep", &AcganConfig::keep, "share of D's units that dropout keeps")
        .above(0)
        .at_most(1);
    s.field("activation_noise", &AcganConfig::activation_noise,
            "deviation of noise on D's inputs to each layer; the paper tries 0, 0.1, 0.2")
        .range(0, 10);
    s.field("class_weight", &AcganConfig::class_weight, "weight of L_C").at_least(0);
    s.field("fake_labels", &AcganConfig::fake_labels,
            "labels of fakes in training: uniform, or data (those of the batch)");
  }
};

nn::BatchNormOptions norm() { return {.weight_init = nn::Init::normal(1, 0.02)}; }

nn::ConvOptions conv_options(int64_t kernel, int64_t stride, int64_t padding, bool bias = false) {
  return {.kernel = kernel,
          .stride = stride,
          .padding = padding,
          .output_padding = kernel == 5 ? 1 : 0,
          .bias = bias,
          .weight_init = nn::Init::normal(0, 0.02),
          .bias_init = nn::Init::constant(0)};
}

nn::LinearOptions linear_options() {
  return {.weight_init = nn::Init::normal(0, 0.02), .bias_init = nn::Init::constant(0)};
}

// z and label -> linear to the start, ReLU -> 5x5 transposed convolutions, each of which doubles
// the size -> tanh.
nn::ModulePtr make_generator(const AcganConfig& config, const SampleSpec& spec) {
  const nn::ImageShape image = nn::ImageShape::of(spec, nn::pyramid_sizes());
  int64_t start = image.height / 2, channels = config.generator_channels;
  for (; start % 2 == 0 && start > kSmallestStart; start /= 2) channels *= 2;
  auto net = std::make_shared<nn::Sequential>();
  net->push(
      nn::linear(config.latent_dim + spec.classes, channels * start * start, linear_options()));
  net->push(nn::relu(/*in_place=*/true));
  net->push(nn::reshape({channels, start, start}));
  for (; 2 * start < image.height; start *= 2, channels /= 2) {
    net->push(nn::conv_transpose(channels, channels / 2, conv_options(5, 2, 2)));
    net->push(nn::batch_norm(channels / 2, norm()));
    net->push(nn::relu(/*in_place=*/true));
  }
  net->push(nn::conv_transpose(channels, image.channels, conv_options(5, 2, 2, /*bias=*/true)));
  net->push(nn::tanh());
  return net;
}

// Six 3x3 convolutions, every other one halves the size -> source logit and class logits.
nn::ModulePtr make_discriminator(const AcganConfig& config, const SampleSpec& spec) {
  const nn::ImageShape image = nn::ImageShape::of(spec, nn::pyramid_sizes());
  auto net = std::make_shared<nn::Sequential>();
  int64_t in = image.channels, out = config.discriminator_channels, size = image.height;
  for (int layer = 0; layer < 6; ++layer, in = out, out *= 2) {
    const int64_t stride = layer % 2 == 0 ? 2 : 1;
    net->push(nn::gaussian_noise(config.activation_noise));
    net->push(nn::conv(in, out, conv_options(3, stride, 1, /*bias=*/layer == 0)));
    if (layer > 0) net->push(nn::batch_norm(out, norm()));
    net->push(nn::leaky_relu(0.2, /*in_place=*/true));
    net->push(config.keep == 1 ? nullptr : nn::dropout(config.keep));
    size = (size + stride - 1) / stride;
  }
  net->push(nn::flatten());
  net->push(nn::linear(in * size * size, 1 + spec.classes, linear_options()));
  return net;
}

// D's two opinions.
struct Opinion {
  at::Tensor source;   // [N, 1]
  at::Tensor classes;  // [N, classes]
};

class Acgan final : public Gan {
 public:
  Acgan(const AcganConfig& config, const SampleSpec& spec)
      : Gan(labelled(spec, "acgan")),
        config_(config),
        generator_(
            network("generator", Role::kAveraged, [&] { return make_generator(config, spec); })),
        discriminator_(network("discriminator", Role::kTrained,
                               [&] { return make_discriminator(config, spec); })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor labels = fake_labels(config_.fake_labels, reals, spec().classes, step);
    const at::Tensor fakes = step.once("fakes", [&] {
      const at::Tensor z = step.latents(latent(), reals.size());
      return generator_(nn::beside(z, nn::one_hot(labels, spec().classes)));
    });
    if (phase.name == "D") return discriminator_loss(reals, fakes.detach(), labels);
    const Opinion fake = opinion(fakes);
    return {{"adversarial", loss::generator(loss::Adversarial::kNonSaturating, fake.source)},
            {"class", class_loss(fake.classes, labels), config_.class_weight}};
  }

  Latent latent() const override { return {config_.latent_dim}; }

  at::Tensor generate(const Request& request) override {
    const at::Tensor condition = nn::one_hot(request.labels, spec().classes);
    return averaged(generator_).forward(nn::beside(request.latents(latent()), condition));
  }

  bool conditional() const override { return true; }
  bool mixes_classes() const override { return true; }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return opinion(samples).source.flatten();
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }
  at::Tensor classify(const at::Tensor& samples) override { return opinion(samples).classes; }
  Classifier classifier() const override { return Classifier::kData; }

 private:
  Terms discriminator_loss(const Batch& reals, const at::Tensor& fakes, const at::Tensor& labels) {
    const Opinion real = opinion(reals.samples);
    const Opinion fake = opinion(fakes);
    return {{"adversarial",
             loss::discriminator(loss::Adversarial::kNonSaturating, real.source, fake.source)},
            {"class/real", class_loss(real.classes, reals.labels), config_.class_weight},
            {"class/fake", class_loss(fake.classes, labels), config_.class_weight},
            observed("accuracy", loss::accuracy(real.source, fake.source)),
            observed("class_accuracy/real", class_accuracy(real.classes, reals.labels)),
            observed("class_accuracy/fake", class_accuracy(fake.classes, labels))};
  }

  Opinion opinion(const at::Tensor& samples) const {
    const at::Tensor both = discriminator_(samples);
    return {both.narrow(1, 0, 1), both.narrow(1, 1, spec().classes)};
  }

  AcganConfig config_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_acgan(Registry& registry) {
  registry.add<Acgan, AcganConfig>({.name = "acgan",
                                    .title = "Auxiliary classifier GAN: D names the class",
                                    .paper = "Odena, Olah, Shlens 2017, arXiv 1610.09585",
                                    .task = "generation by class",
                                    .domains = {"image"},
                                    .sizes = "8, 16, 28, 32, 64, 128, 256 px"});
}

}  // namespace ganymede::gans
