// Text to image by a matching-aware game: GAN-INT-CLS, Reed et al. 2016, arXiv 1605.05396.
//
// E: an encoder of captions and one of pictures learn one space in which a picture is nearest to
// its own caption. The paper takes the joint embedding of Reed et al. 2016, arXiv 1605.05395, on
// features of a pretrained network for pictures; here both encoders begin at random and play the
// symmetric softmax game over a batch (the sentence-level loss of Xu et al. 2018, arXiv 1711.10485,
// eq. 11, with 1 / temperature for gamma_3). It comes first for encoder_kimg, then the game begins
// on points that stay; with 0 all three phases go on together.
//
// G and D: DCGAN's networks (sec. 4.1). The caption's point phi(t) passes a linear layer and a
// leaky ReLU of each player's own; in G it stands beside z, in D beside the 4x4 maps, on which a
// 1x1 convolution, norm and the last convolution follow. D learns from three kinds of pairs
// (algorithm 1): real and right caption, real and wrong caption, fake and its caption. G also
// answers for captions between two captions (eq. 5).
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/error.h"
#include "ganymede/core/token_spec.h"
#include "ganymede/gans/registry.h"
#include "ganymede/gans/words.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/conditioning.h"
#include "ganymede/nn/networks.h"
#include "ganymede/nn/text_encoder.h"

namespace ganymede::gans {
namespace {

constexpr int64_t kLastMaps = 4;  // px where D meets the caption
constexpr double kSlope = 0.2;

struct GanIntClsConfig {
  int64_t latent_dim = 100;
  int64_t generator_channels = 64;
  int64_t discriminator_channels = 64;
  int64_t text_dim = 128;
  int64_t projected_dim = 128;
  int64_t word_dim = 64;
  int64_t text_units = 128;
  int64_t encoder_channels = 16;
  double encoder_kimg = 0;
  double temperature = 0.1;
  double wrong_weight = 0.5;
  double interpolation_weight = 1;
  double interpolation = 0.5;
  double label_real = 1;
  double pixel_weight = 0;

  static void describe(config::Schema<GanIntClsConfig>& s) {
    using Config = GanIntClsConfig;
    s.field("latent_dim", &Config::latent_dim, "size of z ~ N(0, 1)").range(1, 65536);
    s.field("generator_channels", &Config::generator_channels,
            "G's width next to the image; doubles with every halving of its size")
        .range(1, 4096);
    s.field("discriminator_channels", &Config::discriminator_channels, "the same of D")
        .range(1, 4096);
    s.field("text_dim", &Config::text_dim, "size of a caption's point").range(2, 65536);
    s.field("projected_dim", &Config::projected_dim, "what each player makes of it first")
        .range(1, 65536);
    s.field("word_dim", &Config::word_dim, "size of a word's vector").range(1, 65536);
    s.field("text_units", &Config::text_units, "units that see three words at once")
        .range(1, 65536);
    s.field("encoder_channels", &Config::encoder_channels,
            "width next to the image of the encoder of pictures")
        .range(1, 4096);
    s.field("encoder_kimg", &Config::encoder_kimg,
            "the encoders learn for so long before the game begins; 0: beside it")
        .at_least(0)
        .unit("kimg");
    s.field("temperature", &Config::temperature, "of the softmax over captions and pictures")
        .above(0)
        .at_most(100);
    s.field("wrong_weight", &Config::wrong_weight,
            "D: weight of fakes and of reals with a wrong caption, each")
        .range(0, 10);
    s.field("interpolation_weight", &Config::interpolation_weight,
            "G: weight of samples for captions between two; 0: none")
        .at_least(0);
    s.field("interpolation", &Config::interpolation, "share of the first of the two (beta)")
        .range(0, 1);
    s.field("label_real", &Config::label_real,
            "D's target for reals with their caption; below 1: one-sided label smoothing")
        .range(0, 1);
    s.field("pixel_weight", &Config::pixel_weight,
            "G: weight of the mean distance to the caption's picture, not in the paper; it makes "
            "samples of a caption alike, and few pictures enough")
        .at_least(0);
  }
};

nn::ModulePtr projection(const GanIntClsConfig& config) {
  return nn::sequence(nn::linear(config.text_dim, config.projected_dim), nn::leaky_relu(kSlope));
}

nn::ImageShape image_of(const SampleSpec& spec) {
  return nn::ImageShape::of(spec, nn::residual_sizes());
}

const SampleSpec& captioned(const SampleSpec& spec) {
  if (spec.takes_given() && spec.given[0].domain == "text") return spec;
  throw UsageError({.where = "data",
                    .found = spec.takes_given() ? "samples made from " + spec.given[0].domain
                                                : "pictures without captions",
                    .allowed = "pictures with captions for gan_int_cls",
                    .remedy = "captions.csv or captions.tsv (file, caption) beside the pictures, "
                              "or name.txt beside name.png: docs/text-to-image.md"});
}

// z beside phi(t): [N, latent_dim + text_dim] -> images.
class Painter final : public nn::Module {
 public:
  Painter(const GanIntClsConfig& config, const nn::ImageShape& image)
      : latent_dim_(config.latent_dim),
        text_(child("text", projection(config))),
        up_(child("up", nn::conv_pyramid_up(config.latent_dim + config.projected_dim,
                                            config.generator_channels, image))) {}

  at::Tensor forward(const at::Tensor& both) override {
    const at::Tensor point = both.slice(1, latent_dim_);
    return up_(at::cat({both.slice(1, 0, latent_dim_), text_(point)}, 1));
  }

 private:
  int64_t latent_dim_;
  nn::Module& text_;
  nn::Module& up_;
};

// Strided convolutions to 4x4 maps, the first without norm: [N, C, H, W] -> [N, width, 4, 4].
nn::ModulePtr maps_of(const nn::ImageShape& image, int64_t base, int64_t& width) {
  const nn::ConvOptions halving = {.kernel = 4,
                                   .stride = 2,
                                   .padding = 1,
                                   .bias = false,
                                   .weight_init = nn::Init::normal(0, 0.02)};
  auto net = std::make_shared<nn::Sequential>();
  width = image.channels;
  int64_t next = base;
  for (int64_t size = image.height; size > kLastMaps; size /= 2, next *= 2) {
    net->push(nn::conv(width, next, halving));
    if (size < image.height)
      net->push(nn::batch_norm(next, {.weight_init = nn::Init::normal(1, 0.02)}));
    net->push(nn::leaky_relu(kSlope, /*in_place=*/true));
    width = next;
  }
  return net;
}

// D in two parts, so that one look at a picture serves several captions.
class Critic final : public nn::Module {
 public:
  Critic(const GanIntClsConfig& config, const nn::ImageShape& image)
      : maps_(child("maps", maps_of(image, config.discriminator_channels, width_))),
        text_(child("text", projection(config))),
        joint_(child("joint", make_joint(width_, config.projected_dim))) {}

  // [N, C, H, W] -> maps [N, width, 4, 4]
  at::Tensor forward(const at::Tensor& samples) override { return maps_(samples); }
  // The mean over the places of those.
  at::Tensor features(const at::Tensor& samples) override { return maps_(samples).mean({2, 3}); }
  // Logits [N, 1] of maps with captions' points.
  at::Tensor judge(const at::Tensor& maps, const at::Tensor& points) {
    return joint_(nn::beside(maps, text_(points))).flatten(1);
  }

 private:
  static nn::ModulePtr make_joint(int64_t width, int64_t text) {
    const nn::Init init = nn::Init::normal(0, 0.02);
    return nn::sequence(
        nn::conv(width + text, width, {.kernel = 1, .bias = false, .weight_init = init}),
        nn::batch_norm(width, {.weight_init = nn::Init::normal(1, 0.02)}),
        nn::leaky_relu(kSlope, /*in_place=*/true),
        nn::conv(width, 1, {.kernel = kLastMaps, .bias = false, .weight_init = init}));
  }

  int64_t width_ = 0;
  nn::Module& maps_;
  nn::Module& text_;
  nn::Module& joint_;
};

// Pictures as points among those of captions: [N, C, H, W] -> [N, text_dim].
class PictureEncoder final : public nn::Module {
 public:
  PictureEncoder(const GanIntClsConfig& config, const nn::ImageShape& image)
      : maps_(child("maps", maps_of(image, config.encoder_channels, width_))),
        out_(child("out", nn::linear(width_ * kLastMaps * kLastMaps, config.text_dim))) {}
  at::Tensor forward(const at::Tensor& samples) override {
    return nn::to_unit_size(out_(maps_(samples).flatten(1)));
  }

 private:
  int64_t width_ = 0;
  nn::Module& maps_;
  nn::Module& out_;
};

nn::ModulePtr make_text_encoder(const GanIntClsConfig& config, const SampleSpec& spec) {
  return nn::text_encoder(
      token_spec_of(captioned(spec).given[0]),
      {.word_dim = config.word_dim, .units = config.text_units, .text_dim = config.text_dim});
}

// Cross-entropy of every logit with one target, mean.
at::Tensor taken_for(const at::Tensor& logits, double target) {
  return at::binary_cross_entropy_with_logits(logits, at::full_like(logits, target));
}

// Whether two captions of a batch are the same: bool [N, N].
at::Tensor same_captions(const at::Tensor& tokens) {
  return tokens.unsqueeze(0).eq(tokens.unsqueeze(1)).all(2);
}

// For each row the next one, in a circle, that has another caption (int64 [N]), and 1 where there
// is such a row, else 0 (float32 [N, 1]).
struct Mismatch {
  at::Tensor rows;
  at::Tensor there;
};
Mismatch mismatched(const at::Tensor& tokens) {
  const int64_t count = tokens.size(0);
  const at::Tensor self = at::arange(count, tokens.options().dtype(at::kLong));
  if (count < 2) return {self, at::zeros({count, 1}, tokens.options())};
  const at::Tensor circle =
      (self.unsqueeze(1) + self.slice(0, 1).unsqueeze(0)).remainder(count);  // [N, N - 1]
  const at::Tensor differs = same_captions(tokens).logical_not().gather(1, circle).to(at::kInt);
  const at::Tensor first = differs.argmax(1, /*keepdim=*/true);
  return {circle.gather(1, first).squeeze(1), differs.gather(1, first).to(at::kFloat)};
}

class GanIntCls final : public Gan, public Words {
 public:
  GanIntCls(const GanIntClsConfig& config, const SampleSpec& spec)
      : Gan(captioned(spec)),
        config_(config),
        image_(image_of(spec)),
        text_(network("text", Role::kAveraged, [&] { return make_text_encoder(config, spec); })),
        pictures_(network("pictures", Role::kAveraged,
                          [&] { return std::make_shared<PictureEncoder>(config, image_); })),
        generator_(network("generator", Role::kAveraged,
                           [&] { return std::make_shared<Painter>(config, image_); })),
        discriminator_(network("discriminator", Role::kTrained, [&] {
          auto critic = std::make_shared<Critic>(config, image_);
          critic_ = critic.get();
          return critic;
        })) {}

  std::vector<Phase> phases() const override {
    Phase encoders{.name = "E", .networks = {text_, pictures_}};
    Phase critic{.name = "D", .networks = {discriminator_}};
    Phase painter{.name = "G", .networks = {generator_}};
    if (config_.encoder_kimg > 0) {
      encoders.until_kimg = critic.from_kimg = painter.from_kimg = config_.encoder_kimg;
    }
    return {encoders, critic, painter};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    if (phase.name == "E") return encoder_loss(reals);
    const at::Tensor points = step.once("points", [&] {
      const at::NoGradGuard no_grad;
      return text_->module->forward(reals.given);
    });
    const at::Tensor fakes = step.once("fakes", [&] {
      return generator_(at::cat({step.latents(latent(), reals.size()), points}, 1));
    });
    const Mismatch wrong = mismatched(reals.given);
    if (phase.name == "D") return critic_loss(reals, fakes.detach(), points, wrong);
    return painter_loss(reals, fakes, points, wrong, step);
  }

  Latent latent() const override { return {config_.latent_dim}; }

  at::Tensor generate(const Request& request) override {
    return generate_from(request, embed_given(request.given));
  }

  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }

  at::Tensor embed_given(const at::Tensor& given) override {
    return averaged(text_).forward(given);
  }
  at::Tensor embed_samples(const at::Tensor& samples) override {
    return averaged(pictures_).forward(samples);
  }
  at::Tensor generate_from(const Request& request, const at::Tensor& points) override {
    return averaged(generator_).forward(at::cat({request.latents(latent()), points}, 1));
  }

 private:
  // Which caption belongs to a picture, and which picture to a caption; captions that are the same
  // do not compete.
  Terms encoder_loss(const Batch& reals) const {
    const at::Tensor captions = text_->module->forward(reals.given);
    const at::Tensor pictures = pictures_->module->forward(reals.samples);
    const double scale = 1 / (config_.temperature * static_cast<double>(config_.text_dim));
    const at::Tensor self = at::arange(reals.size(), reals.given.options().dtype(at::kLong));
    const at::Tensor twins =
        same_captions(reals.given).logical_and(self.unsqueeze(0).ne(self.unsqueeze(1)));
    const at::Tensor fit = (at::matmul(pictures, captions.t()) * scale).masked_fill(twins, -1e9);
    const at::Tensor hits = fit.detach().argmax(1).eq(self).to(at::kFloat).mean();
    return {{"caption", at::cross_entropy_loss(fit, self), 0.5},
            {"picture", at::cross_entropy_loss(fit.t(), self), 0.5},
            observed("accuracy", hits)};
  }

  // Algorithm 1: log s_r + w (log(1 - s_w) + log(1 - s_f)).
  Terms critic_loss(const Batch& reals, const at::Tensor& fakes, const at::Tensor& points,
                    const Mismatch& wrong) const {
    const at::Tensor maps = discriminator_(reals.samples);
    const at::Tensor right = critic_->judge(maps, points);
    const at::Tensor other = critic_->judge(maps, points.index_select(0, wrong.rows));
    const at::Tensor fake = critic_->judge(discriminator_(fakes), points);
    const at::Tensor mismatch =
        (at::softplus(other) * wrong.there).sum() / wrong.there.sum().clamp_min(1);
    return {{"right", taken_for(right, config_.label_real)},
            {"wrong", mismatch, config_.wrong_weight},
            {"fake", taken_for(fake, 0), config_.wrong_weight},
            observed("accuracy", loss::accuracy(right, fake)),
            observed("logit/right", right.detach().mean()),
            observed("logit/wrong", other.detach().mean()),
            observed("logit/fake", fake.detach().mean())};
  }

  Terms painter_loss(const Batch& reals, const at::Tensor& fakes, const at::Tensor& points,
                     const Mismatch& wrong, Step& step) const {
    Terms terms = {{"adversarial", taken_for(critic_->judge(discriminator_(fakes), points), 1)}};
    if (config_.interpolation_weight > 0) {
      const at::Tensor between =
          at::lerp(points.index_select(0, wrong.rows), points, config_.interpolation);
      const at::Tensor z = step.latents(latent(), reals.size());
      const at::Tensor made = generator_(at::cat({z, between}, 1));
      terms.push_back({"interpolation", taken_for(critic_->judge(discriminator_(made), between), 1),
                       config_.interpolation_weight});
    }
    const at::Tensor distance = (fakes - reals.samples).abs().mean();
    if (config_.pixel_weight > 0)
      terms.push_back({"pixels", distance, config_.pixel_weight});
    else
      terms.push_back(observed("pixels", distance));
    return terms;
  }

  GanIntClsConfig config_;
  nn::ImageShape image_;
  Critic* critic_ = nullptr;  // discriminator_'s module
  NetworkRef text_;
  NetworkRef pictures_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_gan_int_cls(Registry& registry) {
  registry.add<GanIntCls, GanIntClsConfig>({.name = "gan_int_cls",
                                            .title = "GAN-INT-CLS: pictures of words",
                                            .paper = "Reed et al. 2016, arXiv 1605.05396",
                                            .task = "generation from captions",
                                            .domains = {"image"},
                                            .sizes = "8, 16, 32, 64, 128, 256 px",
                                            .players = {"E", "D", "G"}});
}

}  // namespace ganymede::gans
