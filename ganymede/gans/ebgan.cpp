// Energy-based GAN: Zhao, Mathieu, LeCun 2017, arXiv 1609.03126. D is an autoencoder; the energy of
// a sample is its mean squared error D(v), low for reals and pushed up to a margin for fakes (eq.
// 1, 2):
//   D: D(x) + [m - D(G(z))]+,   G: D(G(z)) + w PT(S)
// PT, the pulling-away term on D's codes S of the fakes (eq. 4), keeps them apart. G is DCGAN's;
// D's encoder and decoder are the strided convolutions of the paper's 64 px network.
#include <ATen/ATen.h>

#include "ganymede/gans/registry.h"
#include "ganymede/nn/autoencoder.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

struct EbganConfig {
  int64_t latent_dim = 100;
  int64_t base_channels = 64;
  double margin = 1;
  double pulling_away_weight = 0.1;

  static void describe(config::Schema<EbganConfig>& s) {
    s.field("latent_dim", &EbganConfig::latent_dim, "size of z ~ N(0, 1)").range(1, 65536);
    s.field("base_channels", &EbganConfig::base_channels, "width next to the image").range(1, 4096);
    s.field("margin", &EbganConfig::margin,
            "m: energy up to which D pushes fakes (mean squared error of pixels in [-1, 1])")
        .above(0);
    s.field("pulling_away_weight", &EbganConfig::pulling_away_weight,
            "weight of the pulling-away term; 0: none")
        .at_least(0);
  }
};

nn::ConvOptions halving() {
  return {.kernel = 4,
          .stride = 2,
          .padding = 1,
          .weight_init = nn::Init::normal(0, 0.02),
          .bias_init = nn::Init::constant(0)};
}

// Samples [N, C, H, W] -> [N, 1 + dim]: the energy, then the code that it was rebuilt from.
class Judge final : public nn::Module {
 public:
  explicit Judge(std::shared_ptr<nn::Autoencoder> autoencoder)
      : autoencoder_(child("autoencoder", std::move(autoencoder))) {}
  at::Tensor forward(const at::Tensor& input) override {
    const auto [code, rebuilt] = autoencoder_.pass(input);
    const at::Tensor energy = (rebuilt - input).square().flatten(1).mean(1, /*keepdim=*/true);
    return at::cat({energy, code.flatten(1)}, 1);
  }
  at::Tensor features(const at::Tensor& input) override { return autoencoder_.features(input); }

 private:
  nn::Autoencoder& autoencoder_;
};

// (b)4c2s-(2b)4c2s-(4b)4c2s and back; 28 px can be halved twice only.
nn::ModulePtr make_judge(int64_t base, const nn::ImageShape& image) {
  const int64_t widest = base * (image.height == 28 ? 2 : 4);
  auto encoder = std::make_shared<nn::Sequential>();
  encoder->push(nn::conv(image.channels, base, halving()));
  encoder->push(nn::leaky_relu(0.2, /*in_place=*/true));
  for (int64_t width = base; width < widest; width *= 2) {
    encoder->push(nn::conv(width, 2 * width, halving()));
    encoder->push(nn::batch_norm(2 * width));
    encoder->push(nn::leaky_relu(0.2, /*in_place=*/true));
  }
  auto decoder = std::make_shared<nn::Sequential>();
  for (int64_t width = widest; width > base; width /= 2) {
    decoder->push(nn::conv_transpose(width, width / 2, halving()));
    decoder->push(nn::batch_norm(width / 2));
    decoder->push(nn::leaky_relu(0.2, /*in_place=*/true));
  }
  decoder->push(nn::conv_transpose(base, image.channels, halving()));
  return std::make_shared<Judge>(std::make_shared<nn::Autoencoder>(encoder, decoder));
}

// Mean squared cosine between the codes of different samples.
at::Tensor pulling_away(const at::Tensor& rows) {
  const at::Tensor units = rows / rows.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
  const auto count = static_cast<double>(rows.size(0));
  return (at::mm(units, units.t()).square().sum() - count) / (count * (count - 1));
}

class Ebgan final : public Gan {
 public:
  Ebgan(const EbganConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        image_(nn::ImageShape::of(spec, nn::pyramid_sizes())),
        generator_(network(
            "generator", Role::kAveraged,
            [&] { return nn::conv_pyramid_up(config.latent_dim, config.base_channels, image_); })),
        discriminator_(network("discriminator", Role::kTrained,
                               [&] { return make_judge(config.base_channels, image_); })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes =
        step.once("fakes", [&] { return generator_(step.latents(latent(), reals.size())); });
    if (phase.name == "G") return generator_loss(fakes);
    const at::Tensor real = energy(discriminator_(reals.samples)).mean();
    const at::Tensor fake = energy(discriminator_(fakes.detach()));
    return {{"real_energy", real},
            {"margin", at::relu(config_.margin - fake).mean()},
            observed("fake_energy", fake.mean())};
  }

  Latent latent() const override { return {config_.latent_dim}; }

  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(request.latents(latent()));
  }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return -energy(discriminator_(samples));
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }

 private:
  static at::Tensor energy(const at::Tensor& judged) { return judged.select(1, 0); }

  Terms generator_loss(const at::Tensor& fakes) {
    const at::Tensor judged = discriminator_(fakes);
    Terms terms = {{"energy", energy(judged).mean()}};
    if (config_.pulling_away_weight > 0) {
      terms.push_back(
          {"pulling_away", pulling_away(judged.slice(1, 1)), config_.pulling_away_weight});
    }
    return terms;
  }

  EbganConfig config_;
  nn::ImageShape image_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_ebgan(Registry& registry) {
  registry.add<Ebgan, EbganConfig>({.name = "ebgan",
                                    .title = "Energy-based GAN, whose D is an autoencoder",
                                    .paper = "Zhao, Mathieu, LeCun 2017, arXiv 1609.03126",
                                    .task = "unconditional generation",
                                    .domains = {"image"},
                                    .sizes = "8, 16, 28, 32, 64, 128, 256 px"});
}

}  // namespace ganymede::gans
