// MoCoGAN: Tulyakov, Liu, Yang, Kautz 2018, arXiv 1707.04993: a clip is one code of content and a
// walk of a recurrent unit through codes of motion; every frame is made from both. One critic sees
// single frames, another whole clips. With labelled data the category of a clip joins its code; the
// critic of clips learns to name it on reals, and G to be named rightly (sec. 3.1, L_I).
//
// Per step: the critic of frames, the critic of clips, then G against both with the same clips. The
// frames that the first one sees are drawn from the batch's clips (authors' code: from clips of
// their own). At 32 px each network has one stage fewer; the critic of clips then judges several
// stretches of time. Weights begin as DCGAN's do, the recurrent unit's as PyTorch's.
#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/loss/penalty.h"
#include "ganymede/nn/networks.h"
#include "ganymede/nn/video_networks.h"

namespace ganymede::gans {
namespace {

struct MocoganConfig {
  int64_t content_dim = 50;
  int64_t motion_dim = 10;
  bool categories = true;
  double category_weight = 1;
  int64_t base_channels = 64;
  int64_t frames_per_clip = 3;
  double noise = 0;
  bool critic_norm = true;
  double r1_weight = 0;
  loss::Adversarial loss = loss::Adversarial::kNonSaturating;

  static void describe(config::Schema<MocoganConfig>& s) {
    s.field("content_dim", &MocoganConfig::content_dim, "size of the code of a whole clip")
        .range(1, 4096);
    s.field("motion_dim", &MocoganConfig::motion_dim,
            "size of the recurrent unit that leads from frame to frame")
        .range(1, 4096);
    s.field("categories", &MocoganConfig::categories,
            "labelled data: the class of a clip is a part of its code");
    s.field("category_weight", &MocoganConfig::category_weight,
            "weight of naming the class, of D and of G")
        .at_least(0);
    s.field("base_channels", &MocoganConfig::base_channels,
            "width of the layers next to the frames; doubles with every halving of the size")
        .range(1, 4096);
    s.field("frames_per_clip", &MocoganConfig::frames_per_clip,
            "frames of every clip that the critic of frames sees")
        .range(1, 1024);
    s.field("noise", &MocoganConfig::noise,
            "deviation of the noise in front of the layers of both critics")
        .range(0, 10);
    s.field(
        "critic_norm", &MocoganConfig::critic_norm,
        "batch normalisation in both critics: penalties that speak of single samples want none");
    s.field("r1_weight", &MocoganConfig::r1_weight,
            "of the penalty on the slopes of both critics at reals; 0: none")
        .range(0, 1e6);
    s.field("loss", &MocoganConfig::loss, "adversarial loss of both games");
  }
};

nn::VideoPlan plan_of(const MocoganConfig& config, const SampleSpec& spec) {
  const nn::ClipShape clip = nn::ClipShape::of(spec);
  if (config.frames_per_clip > clip.frames) {
    throw UsageError({.where = "gan.frames_per_clip",
                      .found = std::to_string(config.frames_per_clip),
                      .allowed = "1 to " + std::to_string(clip.frames) + ", the frames of a clip"});
  }
  return {.clip = clip,
          .content_dim = config.content_dim,
          .motion_dim = config.motion_dim,
          .categories = config.categories && spec.classes > 1 ? spec.classes : 0,
          .base_channels = config.base_channels,
          .noise = config.noise,
          .critic_norm = config.critic_norm};
}

class Mocogan final : public Gan {
 public:
  Mocogan(const MocoganConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        plan_(plan_of(config, spec)),
        generator_(
            network("generator", Role::kAveraged, [&] { return nn::video_generator(plan_); })),
        frame_critic_(
            network("frame_critic", Role::kTrained, [&] { return nn::frame_critic(plan_); })),
        video_critic_(
            network("video_critic", Role::kTrained, [&] { return nn::video_critic(plan_); })) {}

  std::vector<Phase> phases() const override {
    return {{.name = "Dframe", .networks = {frame_critic_}, .player = "D"},
            {.name = "Dvideo", .networks = {video_critic_}, .player = "Dv"},
            {.name = "G", .networks = {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor labels = labels_of(reals.labels, reals.size());
    const at::Tensor fakes = step.once("clips", [&] {
      return generator_(with_category(step.latents(latent(), reals.size()), labels));
    });
    if (phase.name == "Dframe") {
      const at::Tensor frames = some_frames(reals.samples, step);
      const at::Tensor real = frame_critic_(frames);
      Terms terms = judged(real, frame_critic_(some_frames(fakes.detach(), step)));
      add_r1(terms, frames, [&](const at::Tensor& x) { return frame_critic_(x).flatten(1); });
      return terms;
    }
    if (phase.name == "Dvideo") {
      const at::Tensor real = seen_by_critic(reals.samples);
      Terms terms = judged(logits(real), logits(seen_by_critic(fakes.detach())));
      add_category(terms, real, labels);
      add_r1(terms, reals.samples, [&](const at::Tensor& x) { return logits(seen_by_critic(x)); });
      return terms;
    }
    const at::Tensor seen = seen_by_critic(fakes);
    Terms terms = {
        {"frames", loss::generator(config_.loss, frame_critic_(some_frames(fakes, step)))},
        {"video", loss::generator(config_.loss, logits(seen))}};
    add_category(terms, seen, labels);
    return terms;
  }

  Latent latent() const override { return {plan_.latent_dim()}; }
  bool conditional() const override { return plan_.categories > 0; }

  at::Tensor generate(const Request& request) override {
    const at::Tensor z = request.latents(latent());
    return averaged(generator_).forward(with_category(z, labels_of(request.labels, z.size(0))));
  }

  // The critic of clips, mean over its stretches of time.
  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return logits(seen_by_critic(samples)).mean(1);
  }
  at::Tensor features(const at::Tensor& samples) override {
    return pooled(video_critic_->module->features(samples));
  }

 private:
  // `labels`, or classes in turn where nobody named any; undefined without categories.
  at::Tensor labels_of(const at::Tensor& labels, int64_t count) const {
    if (plan_.categories == 0) return {};
    if (labels.defined()) return labels.clamp_min(0);
    return at::arange(count, at::kLong).remainder(plan_.categories);
  }

  at::Tensor with_category(const at::Tensor& z, const at::Tensor& labels) const {
    if (!labels.defined()) return z;
    return at::cat({z, at::one_hot(labels.to(z.device()), plan_.categories).to(z.dtype())}, 1);
  }

  // [N * frames_per_clip, C, H, W]: of every clip as many of its frames, drawn anew.
  at::Tensor some_frames(const at::Tensor& clips, Step& step) const {
    const int64_t count = clips.size(0), taken = config_.frames_per_clip;
    const at::Tensor chances = step.uniform({count, plan_.clip.frames});
    const at::Tensor which = std::get<1>(chances.topk(taken, 1));  // without repetition
    const at::Tensor rows = at::arange(count, which.options()).unsqueeze(1);
    return clips.transpose(1, 2).index({rows, which}).flatten(0, 1);
  }

  // [N, 1 + categories, stretches of time].
  at::Tensor seen_by_critic(const at::Tensor& clips) const {
    return video_critic_(clips).flatten(2);
  }
  static at::Tensor logits(const at::Tensor& seen) { return seen.select(1, 0); }

  Terms judged(const at::Tensor& real, const at::Tensor& fake) const {
    Terms terms = {{"adversarial", loss::discriminator(loss::Objective(config_.loss), real, fake)}};
    const at::Tensor accuracy = loss::accuracy(config_.loss, real, fake);
    if (accuracy.defined()) terms.push_back(observed("accuracy", accuracy));
    return terms;
  }

  // `judge` gives the logits of all parts of a sample: [N, parts]; the slope is that of their mean.
  void add_r1(Terms& terms, const at::Tensor& reals, const loss::Critic& judge) const {
    if (config_.r1_weight == 0) return;
    const auto mean = [&](const at::Tensor& x) { return judge(x).mean(1); };
    terms.push_back({"r1", loss::zero_centered_penalty(mean, reals), config_.r1_weight});
  }

  void add_category(Terms& terms, const at::Tensor& seen, const at::Tensor& labels) const {
    if (!labels.defined()) return;
    const at::Tensor named = seen.slice(1, 1).mean(2);
    terms.push_back({"category", at::cross_entropy_loss(named, labels.to(named.device())),
                     config_.category_weight});
  }

  // Features of the last layer's maps, mean over time and place: [N, channels].
  at::Tensor pooled(const at::Tensor& flat) const {
    const int64_t channels = plan_.base_channels * plan_.clip.size / 8;
    return flat.view({flat.size(0), channels, -1}).mean(2);
  }

  MocoganConfig config_;
  nn::VideoPlan plan_;
  NetworkRef generator_;
  NetworkRef frame_critic_;
  NetworkRef video_critic_;
};

}  // namespace

void register_mocogan(Registry& registry) {
  registry.add<Mocogan, MocoganConfig>({.name = "mocogan",
                                        .title = "Video from content and motion",
                                        .paper = "Tulyakov et al. 2018, arXiv 1707.04993",
                                        .task = "unconditional or class-conditional generation",
                                        .domains = {"video"},
                                        .sizes = "32, 64 px, 16 frames",
                                        .players = {"D", "Dv", "G"}});
}

}  // namespace ganymede::gans
