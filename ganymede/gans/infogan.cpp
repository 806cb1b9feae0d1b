// InfoGAN: Chen et al. 2016, arXiv 1606.03657, with the networks of the authors' MNIST code
// (openai/InfoGAN). z is noise and codes: categories (one-hot) and continuous ones in [-1, 1]. Q, a
// second head on D's trunk, reads the codes from the fakes; what it reads is a lower bound of their
// mutual information with the picture (eq. 5), which both players raise: Q and the trunk in D's
// step, G in its own.
//
// Codes are entries of z like the noise, drawn from U(-1, 1); the largest entry of a category names
// it, so that every category is as likely as the others. No labels are seen.
#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "ganymede/core/error.h"
#include "ganymede/gans/conditional.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/conditioning.h"
#include "ganymede/nn/networks.h"
#include "ganymede/nn/pixel_range.h"

namespace ganymede::gans {
namespace {

struct InfoganConfig {
  int64_t noise_dim = 62;
  std::vector<int64_t> categories = {10};
  int64_t continuous = 2;
  double category_weight = 1;
  double continuous_weight = 1;
  int64_t base_channels = 64;
  int64_t units = 1024;
  int64_t recognition_units = 128;

  static void describe(config::Schema<InfoganConfig>& s) {
    s.field("noise_dim", &InfoganConfig::noise_dim, "entries of z without a meaning")
        .range(1, 65536);
    s.field("categories", &InfoganConfig::categories, "sizes of the categorical codes")
        .range(2, 1000);
    s.field("continuous", &InfoganConfig::continuous, "number of continuous codes").range(0, 1000);
    s.field("category_weight", &InfoganConfig::category_weight,
            "lambda of the categorical codes' information")
        .at_least(0);
    s.field("continuous_weight", &InfoganConfig::continuous_weight,
            "lambda of the continuous codes' information; the paper: smaller on harder data")
        .at_least(0);
    s.field("base_channels", &InfoganConfig::base_channels, "width next to the image")
        .range(1, 4096);
    s.field("units", &InfoganConfig::units, "of the fully connected layers").range(1, 65536);
    s.field("recognition_units", &InfoganConfig::recognition_units, "of Q's own layer")
        .range(1, 65536);
  }

  int64_t category_entries() const {
    int64_t sum = 0;
    for (const int64_t size : categories) sum += size;
    return sum;
  }
  int64_t code_entries() const { return category_entries() + continuous; }
};

nn::Init near_zero() { return nn::Init::normal(0, 0.02); }

nn::ModulePtr dense(int64_t in, int64_t out) {
  return nn::linear(in, out, {.weight_init = near_zero(), .bias_init = nn::Init::constant(0)});
}

nn::ConvOptions conv4() {
  return {.kernel = 4,
          .stride = 2,
          .padding = 1,
          .weight_init = near_zero(),
          .bias_init = nn::Init::constant(0)};
}

nn::ImageShape checked_image(const SampleSpec& spec) {
  const nn::ImageShape image = nn::ImageShape::of(spec);
  if (image.height % 4 == 0 && image.height >= 8) return image;
  throw UsageError({.where = "data",
                    .found = "images of " + std::to_string(image.height) + " px",
                    .allowed = "sizes that are multiples of 4, 8 px or more",
                    .remedy = "--set data.size_px=32"});
}

nn::ModulePtr make_generator(const InfoganConfig& config, const SampleSpec& spec) {
  const nn::ImageShape image = checked_image(spec);
  const int64_t side = image.height / 4, base = config.base_channels;
  return nn::sequence(
      dense(config.noise_dim + config.code_entries(), config.units), nn::batch_norm(config.units),
      nn::relu(true), dense(config.units, side * side * 2 * base),
      nn::batch_norm(side * side * 2 * base), nn::relu(true), nn::reshape({2 * base, side, side}),
      nn::conv_transpose(2 * base, base, conv4()), nn::batch_norm(base), nn::relu(true),
      nn::conv_transpose(base, image.channels, conv4()), nn::sigmoid_pixels());
}

// D and Q on one trunk: [N, 1 + code entries], the source logit first.
class Judge final : public nn::Module {
 public:
  Judge(const InfoganConfig& config, const SampleSpec& spec)
      : trunk_(child("trunk", make_trunk(config, checked_image(spec)))),
        source_(child("source", dense(config.units, 1))),
        recognition_(child("recognition", make_recognition(config))) {}

  at::Tensor forward(const at::Tensor& samples) override {
    const at::Tensor shared = trunk_(samples);
    return at::cat({source_(shared), recognition_(shared)}, 1);
  }
  at::Tensor features(const at::Tensor& samples) override { return trunk_(samples); }

 private:
  static nn::ModulePtr make_trunk(const InfoganConfig& config, const nn::ImageShape& image) {
    const int64_t side = image.height / 4, base = config.base_channels;
    return nn::sequence(nn::unit_pixels(), nn::conv(image.channels, base, conv4()),
                        nn::leaky_relu(0.01), nn::conv(base, 2 * base, conv4()),
                        nn::batch_norm(2 * base), nn::leaky_relu(0.01), nn::flatten(),
                        dense(side * side * 2 * base, config.units), nn::batch_norm(config.units),
                        nn::leaky_relu(0.01));
  }
  static nn::ModulePtr make_recognition(const InfoganConfig& config) {
    const int64_t units = config.recognition_units;
    return nn::sequence(dense(config.units, units), nn::batch_norm(units), nn::leaky_relu(0.01),
                        dense(units, config.code_entries()));
  }

  nn::Module& trunk_;
  nn::Module& source_;
  nn::Module& recognition_;
};

class Infogan final : public Gan {
 public:
  Infogan(const InfoganConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        generator_(
            network("generator", Role::kAveraged, [&] { return make_generator(config, spec); })),
        discriminator_(network("discriminator", Role::kTrained,
                               [&] { return std::make_shared<Judge>(config, spec); })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor z = step.once("z", [&] { return step.latents(latent(), reals.size()); });
    const at::Tensor fakes = step.once("fakes", [&] { return generator_(inputs(z)); });
    const bool judges = phase.name == "D";
    const at::Tensor real = judges ? discriminator_(reals.samples).narrow(1, 0, 1) : at::Tensor();
    const at::Tensor opinion = discriminator_(judges ? fakes.detach() : fakes);
    const at::Tensor fake = opinion.narrow(1, 0, 1);
    constexpr auto kKind = loss::Adversarial::kNonSaturating;
    Terms terms = {{"adversarial", judges ? loss::discriminator(kKind, real, fake)
                                          : loss::generator(kKind, fake)}};
    add_information(opinion.narrow(1, 1, config_.code_entries()), z, terms);
    if (judges) terms.push_back(observed("accuracy", loss::accuracy(real, fake)));
    return terms;
  }

  Latent latent() const override {
    return {config_.noise_dim + config_.code_entries(), Latent::Kind::kUniform};
  }

  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(inputs(request.latents(latent())));
  }

  std::vector<Code> codes() const override {
    std::vector<Code> codes;
    int64_t first = config_.noise_dim;
    const bool single = config_.categories.size() == 1;
    for (const int64_t size : config_.categories) {
      const std::string number = single ? "" : std::to_string(codes.size() + 1);
      codes.push_back({"category" + number, first, size});
      first += size;
    }
    for (int64_t i = 0; i < config_.continuous; ++i) {
      codes.push_back({"code" + std::to_string(i + 1), first++});
    }
    return codes;
  }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return discriminator_(samples).select(1, 0);
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }
  // The first categorical code as Q reads it.
  at::Tensor classify(const at::Tensor& samples) override {
    if (config_.categories.empty()) return {};
    return discriminator_(samples).narrow(1, 1, config_.categories.front());
  }
  Classifier classifier() const override {
    return config_.categories.empty() ? Classifier::kNone : Classifier::kFound;
  }

 private:
  // z with its categories made one-hot.
  at::Tensor inputs(const at::Tensor& z) const {
    std::vector<at::Tensor> parts = {z.narrow(1, 0, config_.noise_dim)};
    for (const Code& code : codes()) {
      const at::Tensor entries = z.narrow(1, code.first, std::max<int64_t>(code.categories, 1));
      parts.push_back(code.categories > 0 ? nn::one_hot(entries.argmax(1), code.categories)
                                          : entries);
    }
    return at::cat(parts, 1);
  }

  // -E log Q(c | x), up to the codes' own entropy the information that is lost: cross-entropy for
  // categories, a Gaussian of deviation 1 for continuous codes.
  void add_information(const at::Tensor& read, const at::Tensor& z, Terms& terms) const {
    at::Tensor categories, continuous;
    const auto add = [](at::Tensor& sum, const at::Tensor& part) {
      sum = sum.defined() ? sum + part : part;
    };
    for (const Code& code : codes()) {
      const int64_t first = code.first - config_.noise_dim;
      if (code.categories > 0) {
        const at::Tensor wanted = z.narrow(1, code.first, code.categories).argmax(1);
        add(categories, class_loss(read.narrow(1, first, code.categories), wanted));
      } else {
        const at::Tensor error = z.select(1, code.first) - read.select(1, first);
        add(continuous, error.square().mean() * 0.5 + 0.5 * std::log(2 * std::numbers::pi));
      }
    }
    if (categories.defined())
      terms.push_back({"information/category", categories, config_.category_weight});
    if (continuous.defined())
      terms.push_back({"information/continuous", continuous, config_.continuous_weight});
  }

  InfoganConfig config_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_infogan(Registry& registry) {
  registry.add<Infogan, InfoganConfig>(
      {.name = "infogan",
       .title = "InfoGAN: finds categories and factors without labels",
       .paper = "Chen et al. 2016, arXiv 1606.03657",
       .task = "generation with found codes",
       .domains = {"image"},
       .sizes = "multiples of 4 px from 8 on"});
}

}  // namespace ganymede::gans
