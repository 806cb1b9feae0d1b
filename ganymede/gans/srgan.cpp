// SRGAN: Ledig et al. 2017, arXiv 1609.04802. SRResNet enlarges a picture that it is given; D
// judges the result beside sharp ones. Training begins with pixels alone ("pretrain", which makes
// the paper's SRResNet); then D and G play, and G pays
//   content_weight content + pixel_weight pixel + adversarial_weight adversarial.
// The paper's content are features of a VGG-19 that was trained elsewhere. Here they are those of D
// itself, as in Larsen et al. 2016 (arXiv 1512.09300) and pix2pixHD: nothing is downloaded, and
// they are of the pictures at hand. With as many pixels given as made it removes noise, blur and
// other damage (recipes denoise).
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/error.h"
#include "ganymede/gans/game.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/restoration.h"

namespace ganymede::gans {
namespace {

enum class PixelLoss { kL1, kL2 };
std::vector<std::pair<const char*, PixelLoss>> enum_names(PixelLoss) {
  return {{"l1", PixelLoss::kL1}, {"l2", PixelLoss::kL2}};
}

struct SrganConfig : Game {
  int64_t channels = 64;
  int64_t blocks = 16;
  nn::Norm norm = nn::Norm::kBatch;
  bool input_skip = false;
  int64_t discriminator_channels = 64;
  bool discriminator_pooled = false;
  double pretrain_kimg = 0;
  PixelLoss pixel_loss = PixelLoss::kL2;
  double pixel_weight = 1;
  double content_weight = 0;
  double adversarial_weight = 1e-3;

  static void describe(config::Schema<SrganConfig>& s) {
    using C = SrganConfig;
    s.field("channels", &C::channels, "width of G").range(1, 1024);
    s.field("blocks", &C::blocks, "residual blocks of G").range(1, 256);
    s.field("norm", &C::norm, "of G's convolutions: batch, or none as in EDSR")
        .one_of({"batch", "none"});
    s.field("input_skip", &C::input_skip,
            "G adds to the given picture, enlarged bicubically, instead of making all of it");
    s.field("discriminator_channels", &C::discriminator_channels,
            "width of D's first convolutions; it doubles three times")
        .range(1, 1024);
    s.field("discriminator_pooled", &C::discriminator_pooled,
            "D's dense layer sees the mean over places, not each of them");
    s.field("pretrain_kimg", &C::pretrain_kimg, "so long G learns from pixels alone, without D")
        .at_least(0)
        .unit("kimg");
    s.field("pixel_loss", &C::pixel_loss, "l1, or l2: the mean square");
    s.field("pixel_weight", &C::pixel_weight, "of the pixel loss beside D").at_least(0);
    s.field("content_weight", &C::content_weight,
            "of the distance between D's activations of made and real pictures; 0: none")
        .at_least(0);
    s.field("adversarial_weight", &C::adversarial_weight, "of D's opinion").at_least(0);
    describe_game(s);
  }
};

// How many times larger samples are than what they are made from. UsageError where they are not
// pictures made from smaller ones.
int64_t scale_of(const SampleSpec& spec) {
  const auto refuse = [](const std::string& found) {
    throw UsageError({.where = "srgan",
                      .found = found,
                      .allowed = "pictures given 1, 2, 3, 4 or 8 times smaller than they are made",
                      .remedy = "--set data.form=degraded --set data.scale=4"});
  };
  if (!spec.takes_given() || spec.shape.size() != 3 || spec.given[0].shape.size() != 3)
    refuse("samples that are not made from a picture");
  const auto &made = spec.shape, &given = spec.given[0].shape;
  const int64_t scale = given[1] > 0 ? made[1] / given[1] : 0;
  const bool known = scale == 1 || scale == 2 || scale == 3 || scale == 4 || scale == 8;
  if (!known || made[0] != given[0] || made[1] != scale * given[1] || made[2] != scale * given[2])
    refuse(std::to_string(given[2]) + " x " + std::to_string(given[1]) + " px given, " +
           std::to_string(made[2]) + " x " + std::to_string(made[1]) + " px made");
  return scale;
}

class Srgan final : public Gan {
 public:
  Srgan(const SrganConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        scale_(scale_of(spec)),
        generator_(network("generator", Role::kAveraged,
                           [&] {
                             return nn::srresnet(spec.shape[0], {.scale = scale_,
                                                                 .channels = config.channels,
                                                                 .blocks = config.blocks,
                                                                 .norm = config.norm,
                                                                 .input_skip = config.input_skip});
                           })),
        discriminator_(network("discriminator", Role::kTrained, [&] {
          return std::make_shared<nn::PictureJudge>(spec.shape[0], spec.shape[1], spec.shape[2],
                                                    config.discriminator_channels,
                                                    config.discriminator_pooled);
        })) {
    check(config);
  }

  std::vector<Phase> phases() const override {
    std::vector<Phase> phases = game_phases(config_, discriminator_, generator_);
    if (config_.pretrain_kimg == 0) return phases;
    for (Phase& phase : phases) phase.from_kimg = config_.pretrain_kimg;
    phases.insert(
        phases.begin(),
        {.name = kPretrain, .networks = {generator_}, .until_kimg = config_.pretrain_kimg});
    return phases;
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes = step.once("fakes", [&] { return generator_(reals.given); });
    if (phase.name == kPretrain) return {{"pixel", pixel_loss(fakes, reals.samples)}};
    if (phase.name == "G") return generator_terms(phase, reals.samples, fakes, step);
    const auto judge = [&](const at::Tensor& pictures) { return discriminator_(pictures); };
    return game_terms(config_, phase, judge, reals.samples, fakes, *generator_->module, step);
  }

  Latent latent() const override { return {}; }

  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(request.given).clamp(-1, 1);
  }
  int64_t size_multiple() const override { return 1; }
  int64_t enlarges() const override { return scale_; }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return discriminator_(samples).flatten();
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }

 private:
  static constexpr const char* kPretrain = "pretrain";

  at::Tensor pixel_loss(const at::Tensor& made, const at::Tensor& wanted) const {
    const at::Tensor apart = made - wanted;
    return config_.pixel_loss == PixelLoss::kL1 ? apart.abs().mean() : apart.square().mean();
  }

  nn::PictureJudge& judge() const {
    return static_cast<nn::PictureJudge&>(*discriminator_->module);
  }

  Terms generator_terms(const Phase& phase, const at::Tensor& reals, const at::Tensor& fakes,
                        Step& step) {
    Terms terms;
    at::Tensor logits;  // of the fakes, where the pass that gives their activations will do
    if (config_.content_weight > 0) {
      const nn::PictureJudge::Judgement fake = judge().judge(fakes);
      terms.push_back({"content", content(fake.layers, reals), config_.content_weight});
      if (!discriminator_->augment) logits = fake.logits;
    }
    const loss::Critic opinion = [&](const at::Tensor& pictures) {
      return logits.defined() && pictures.is_same(fakes) ? logits : discriminator_(pictures);
    };
    for (Term& term :
         game_terms(config_, phase, opinion, reals, fakes, *generator_->module, step)) {
      if (term.name == "adversarial") term.weight *= config_.adversarial_weight;
      terms.push_back(std::move(term));
    }
    const at::Tensor pixel = pixel_loss(fakes, reals);
    terms.push_back(config_.pixel_weight > 0 ? Term{"pixel", pixel, config_.pixel_weight}
                                             : observed("pixel", pixel));
    return terms;
  }

  // Mean absolute difference of D's activations, the mean over its layers.
  at::Tensor content(const std::vector<at::Tensor>& made, const at::Tensor& wanted) const {
    std::vector<at::Tensor> aims;
    {
      const at::NoGradGuard no_grad;
      aims = judge().judge(wanted).layers;
    }
    at::Tensor total;
    for (size_t i = 0; i < made.size(); ++i) {
      const at::Tensor apart = (made[i] - aims[i]).abs().mean();
      total = total.defined() ? total + apart : apart;
    }
    return total / static_cast<double>(made.size());
  }

  SrganConfig config_;
  int64_t scale_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_srgan(Registry& registry) {
  registry.add<Srgan, SrganConfig>({.name = "srgan",
                                    .title = "Super-resolution and restoration of pictures",
                                    .paper = "Ledig et al. 2017, arXiv 1609.04802",
                                    .task = "super-resolution, denoising",
                                    .domains = {"image"},
                                    .sizes = "any; given 1, 2, 3, 4 or 8 times smaller",
                                    .players = {"pretrain", "D", "G"}});
}

}  // namespace ganymede::gans
