// Generative stochastic network, a small baseline: Bengio, Thibodeau-Laufer, Alain, Yosinski 2014,
// arXiv 1306.1091. A denoising network learns to undo salt-and-pepper noise; corrupting and
// denoising in turn is a Markov chain whose samples follow the data as far as the denoiser is good.
// Training walks the chain for `walkback` steps and asks for the data after each (sec. 3.3).
// Pixels are black or white with the probability of their grey level. There is no likelihood: score
// it by samples (gan evaluate --metrics parzen). z is where a chain begins and also the key of its
// noise: a small change of z gives an unrelated sample.
#include <ATen/ATen.h>

#include <string_view>

#include "ganymede/core/hash.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

struct GsnConfig {
  int64_t hidden_units = 800;
  double corruption = 0.4;
  double hidden_noise = 0.5;
  int64_t walkback = 4;
  int64_t chain_steps = 30;

  static void describe(config::Schema<GsnConfig>& s) {
    using C = GsnConfig;
    s.field("hidden_units", &C::hidden_units, "tanh units").range(1, 65536);
    s.field("corruption", &C::corruption, "share of pixels that become black or white at random")
        .range(0, 1);
    s.field("hidden_noise", &C::hidden_noise, "deviation of the noise before the tanh").at_least(0);
    s.field("walkback", &C::walkback, "steps of the chain in a training step").range(1, 100);
    s.field("chain_steps", &C::chain_steps, "steps of the chain for a sample").range(1, 10000);
  }
};

// The random numbers of one step of the chain, each [N, ...].
struct Noise {
  at::Tensor hit, grain, hidden, pixel;
};

Noise draw(const GsnConfig& config, int64_t count, int64_t pixels, Stream& random) {
  Noise noise;
  noise.hit = random.bernoulli({count, pixels}, config.corruption);
  noise.grain = random.bernoulli({count, pixels}, 0.5);
  noise.hidden = random.normal({count, config.hidden_units}) * config.hidden_noise;
  noise.pixel = random.uniform({count, pixels});
  return noise;
}

class Denoiser final : public nn::Module {
 public:
  Denoiser(int64_t pixels, int64_t hidden)
      : encode_(child("encode", nn::linear(pixels, hidden, glorot(pixels, hidden)))),
        decode_(child("decode", nn::linear(hidden, pixels, glorot(hidden, pixels)))) {}

  // Pixels [N, D] in [0, 1] -> logits of the clean pixels.
  at::Tensor forward(const at::Tensor& input) override { return decode_(at::tanh(encode_(input))); }
  at::Tensor denoised(const at::Tensor& pixels, const Noise& noise) {
    const at::Tensor corrupted =
        at::lerp(pixels, noise.grain.to(pixels.device()), noise.hit.to(pixels.device()));
    return decode_(at::tanh(encode_(corrupted) + noise.hidden.to(pixels.device())));
  }

 private:
  static nn::LinearOptions glorot(int64_t in, int64_t out) {
    return {.weight_init = nn::Init::glorot_uniform(in, out), .bias_init = nn::Init::constant(0)};
  }

  nn::Module& encode_;
  nn::Module& decode_;
};

at::Tensor drawn(const at::Tensor& logits, const Noise& noise) {
  return noise.pixel.to(logits.device()).lt(at::sigmoid(logits)).to(at::kFloat);
}

class Gsn final : public Gan {
 public:
  Gsn(const GsnConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        pixels_(nn::ImageShape::of(spec).channels * spec.shape[1] * spec.shape[2]),
        denoiser_(network("denoiser", Role::kAveraged, [&] {
          return std::make_shared<Denoiser>(pixels_, config.hidden_units);
        })) {}

  std::vector<Phase> phases() const override { return {{"GSN", {denoiser_}}}; }

  Terms loss(const Phase&, const Batch& reals, Step& step) override {
    const at::Tensor clean = (reals.samples.flatten(1) + 1) * 0.5;
    auto& net = dynamic_cast<Denoiser&>(*denoiser_->module);
    at::Tensor state = clean;
    at::Tensor total;
    for (int64_t k = 0; k < config_.walkback; ++k) {
      const Noise noise = draw(config_, clean.size(0), pixels_, step.random());
      const at::Tensor logits = net.denoised(state, noise);
      const at::Tensor cost = (at::softplus(logits) - clean * logits).sum(1).mean();
      total = total.defined() ? total + cost : cost;
      state = drawn(logits.detach(), noise);
    }
    return {{"reconstruction", total / config_.walkback}};
  }

  Latent latent() const override { return {pixels_, Latent::Kind::kUniform, 0, 1}; }

  // The last step shows the probabilities, as the paper's pictures do.
  at::Tensor generate(const Request& request) override {
    at::Tensor state = request.latents(latent());
    std::vector<Stream> chains = chains_of(state);
    auto& net = dynamic_cast<Denoiser&>(averaged(denoiser_));
    at::Tensor logits;
    for (int64_t k = 0; k < config_.chain_steps; ++k) {
      const Noise noise = draw_each(chains);
      logits = net.denoised(state, noise);
      state = drawn(logits, noise);
    }
    std::vector<int64_t> shape = spec().shape;
    shape.insert(shape.begin(), state.size(0));
    return (at::sigmoid(logits) * 2 - 1).reshape(shape);
  }

 private:
  // One stream of noise for each row, keyed by its bytes.
  static std::vector<Stream> chains_of(const at::Tensor& z) {
    const at::Tensor rows = z.to(at::kCPU).contiguous();
    const size_t bytes = static_cast<size_t>(rows.size(1)) * sizeof(float);
    std::vector<Stream> chains;
    for (int64_t row = 0; row < rows.size(0); ++row) {
      const auto* first = static_cast<const char*>(rows[row].const_data_ptr());
      chains.emplace_back(xxh3(std::string_view(first, bytes)), "gsn/chain");
    }
    return chains;
  }

  Noise draw_each(std::vector<Stream>& chains) const {
    std::vector<at::Tensor> hit, grain, hidden, pixel;
    for (Stream& chain : chains) {
      const Noise one = draw(config_, 1, pixels_, chain);
      hit.push_back(one.hit);
      grain.push_back(one.grain);
      hidden.push_back(one.hidden);
      pixel.push_back(one.pixel);
    }
    return {at::cat(hit), at::cat(grain), at::cat(hidden), at::cat(pixel)};
  }

  GsnConfig config_;
  int64_t pixels_;
  NetworkRef denoiser_;
};

}  // namespace

void register_gsn(Registry& registry) {
  registry.add<Gsn, GsnConfig>(
      {.name = "gsn",
       .title = "Generative stochastic network with walkback, a small baseline",
       .paper = "Bengio, Thibodeau-Laufer, Alain, Yosinski 2014, arXiv 1306.1091",
       .task = "unconditional generation",
       .domains = {"image"},
       .sizes = "any square",
       .players = {"GSN"}});
}

}  // namespace ganymede::gans
