// Boundary equilibrium GAN: Berthelot, Schumm, Metz 2017, arXiv 1703.10717. D is an autoencoder;
// what it judges is how badly it rebuilds a sample, L(v) = E|v - D(v)|:
//   D: L(x) - k L(G(z)),   G: L(G(z)),   k <- k + lambda_k (gamma L(x) - L(G(z))) in [0, 1]
// k is a buffer of D and moves with D's phase; both players see the same z. Networks of figure 1:
// pairs of 3x3 convolutions with ELU, widths n, 2n, 3n in the encoder and n in decoder and G.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/gans/registry.h"
#include "ganymede/nn/autoencoder.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

struct BeganConfig {
  int64_t latent_dim = 64;
  int64_t base_channels = 32;
  double diversity = 0.5;
  double k_rate = 0.001;

  static void describe(config::Schema<BeganConfig>& s) {
    s.field("latent_dim", &BeganConfig::latent_dim, "size of z ~ U(-1, 1) and of D's code")
        .range(1, 65536);
    s.field("base_channels", &BeganConfig::base_channels, "n: width of G, step of D's widths")
        .range(1, 4096);
    s.field("diversity", &BeganConfig::diversity,
            "gamma: wanted L(G(z)) / L(x); lower gives cleaner, more similar samples")
        .range(0, 1);
    s.field("k_rate", &BeganConfig::k_rate, "lambda_k: step of k").range(0, 1);
  }
};

const std::vector<int64_t>& sizes() {
  static const std::vector<int64_t> all = {16, 28, 32, 64, 128};
  return all;
}

int64_t smallest_map(const nn::ImageShape& image) { return image.height == 28 ? 7 : 8; }

nn::ModulePtr elu() {
  return std::make_shared<nn::Function>([](const at::Tensor& x) { return at::elu(x); });
}

nn::ModulePtr conv3(int64_t in, int64_t out, int64_t stride = 1,
                    nn::ConvResample resample = nn::ConvResample::kNone) {
  return nn::conv(in, out,
                  {.stride = stride,
                   .padding = 1,
                   .resample = resample,
                   .weight_init = nn::Init::glorot_uniform(in * 9, out * 9),
                   .bias_init = nn::Init::constant(0)});
}

// A code -> dense to the smallest map -> pairs of convolutions, doubled in between -> picture.
nn::ModulePtr make_decoder(const BeganConfig& config, const nn::ImageShape& image) {
  const int64_t n = config.base_channels;
  const int64_t start = smallest_map(image);
  auto net = std::make_shared<nn::Sequential>();
  net->push(nn::linear(config.latent_dim, n * start * start,
                       nn::glorot_linear(config.latent_dim, n * start * start)));
  net->push(nn::reshape({n, start, start}));
  for (int64_t size = start; size <= image.height; size *= 2) {
    const bool first = size == start;
    net->push(conv3(n, n, 1, first ? nn::ConvResample::kNone : nn::ConvResample::kUpBefore));
    net->push(elu());
    net->push(conv3(n, n));
    net->push(elu());
  }
  net->push(conv3(n, image.channels));
  return net;
}

nn::ModulePtr make_encoder(const BeganConfig& config, const nn::ImageShape& image) {
  const int64_t end = smallest_map(image);
  auto net = std::make_shared<nn::Sequential>();
  int64_t width = config.base_channels;
  net->push(conv3(image.channels, width));
  net->push(elu());
  for (int64_t size = image.height, in = width;; size /= 2, width += config.base_channels) {
    for (const int64_t stride : {1, 1, 2}) {
      if (stride == 2 && size == end) break;
      net->push(conv3(in, width, stride));
      net->push(elu());
      in = width;
    }
    if (size == end) break;
  }
  net->push(nn::flatten());
  net->push(nn::linear(width * end * end, config.latent_dim,
                       nn::glorot_linear(width * end * end, config.latent_dim)));
  return net;
}

// Samples [N, C, H, W] -> |v - D(v)|, the mean over each sample's values [N]; and the balance k of
// the game.
class Judge final : public nn::Module {
 public:
  explicit Judge(std::shared_ptr<nn::Autoencoder> autoencoder)
      : autoencoder_(child("autoencoder", std::move(autoencoder))), k_(buffer("k", {1}, 0)) {}
  at::Tensor forward(const at::Tensor& input) override {
    return (input - autoencoder_(input)).abs().flatten(1).mean(1);
  }
  at::Tensor features(const at::Tensor& input) override { return autoencoder_.features(input); }

  // The k of this update, as a constant; the kept one then moves by `step`.
  at::Tensor take_k(const at::Tensor& step) {
    const at::NoGradGuard no_grad;
    at::Tensor now = k_.clone();
    if (!frozen()) k_.add_(step).clamp_(0, 1);
    return now.squeeze();
  }

 private:
  nn::Autoencoder& autoencoder_;
  at::Tensor& k_;
};

class Began final : public Gan {
 public:
  Began(const BeganConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        image_(nn::ImageShape::of(spec, sizes())),
        generator_(
            network("generator", Role::kAveraged, [&] { return make_decoder(config, image_); })),
        discriminator_(network("discriminator", Role::kTrained, [&] {
          judge_ = std::make_shared<Judge>(std::make_shared<nn::Autoencoder>(
              make_encoder(config, image_), make_decoder(config, image_)));
          return judge_;
        })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes =
        step.once("fakes", [&] { return generator_(step.latents(latent(), reals.size())); });
    if (phase.name == "G") return {{"reconstruction", discriminator_(fakes).mean()}};
    const at::Tensor real = discriminator_(reals.samples).mean();
    const at::Tensor fake = discriminator_(fakes.detach()).mean();
    const at::Tensor balance = config_.diversity * real.detach() - fake.detach();
    const at::Tensor k = judge_->take_k(config_.k_rate * balance);
    return {{"reconstruction", real},
            {"adversarial", -k * fake},
            observed("k", k),
            observed("convergence", real.detach() + balance.abs())};
  }

  Latent latent() const override { return {config_.latent_dim, Latent::Kind::kUniform}; }

  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(request.latents(latent())).clamp(-1, 1);
  }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return -discriminator_(samples);
  }
  at::Tensor features(const at::Tensor& samples) override { return judge_->features(samples); }

 private:
  BeganConfig config_;
  nn::ImageShape image_;
  std::shared_ptr<Judge> judge_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_began(Registry& registry) {
  registry.add<Began, BeganConfig>({.name = "began",
                                    .title = "Boundary equilibrium GAN, whose D is an autoencoder",
                                    .paper = "Berthelot, Schumm, Metz 2017, arXiv 1703.10717",
                                    .task = "unconditional generation",
                                    .domains = {"image"},
                                    .sizes = "16, 28, 32, 64, 128 px"});
}

}  // namespace ganymede::gans
