// Sequence GAN: Yu, Zhang, Wang, Yu 2017, arXiv 1609.05473. G is a language model that learns first
// to predict real text (maximum likelihood), then, by policy gradient, to write what D takes for
// real. D judges whole texts only, so what a token is worth is found by Monte Carlo search: the
// text is finished several times from there, and D's mean opinion of these is the token's reward
// (eq. 4).
//
// The policy that finishes texts follows G at the paper's rate of 0.8 for what it keeps: here it is
// G's moving average, which train.ema_kimg sets. Texts that a person asks for come from it as well.
// Beyond the paper: texts may end before their longest length; `baseline` takes the mean reward of
// each place away, which changes no expectation; `teacher_weight` mixes likelihood into the game.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/error.h"
#include "ganymede/core/token_spec.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/rollouts.h"
#include "ganymede/nn/token_networks.h"

namespace ganymede::gans {
namespace {

constexpr int64_t kJudgedAtOnce = 512;  // rows that D sees while rewards are found

struct SeqganConfig {
  int64_t embedding = 32;
  int64_t hidden = 32;
  double generator_keep = 1;
  double temperature = 1;
  int64_t critic_embedding = 64;
  std::vector<int64_t> filter_widths = {2, 3};
  std::vector<int64_t> filter_maps = {100, 200};
  double critic_keep = 0.75;
  double critic_l2 = 0.2;
  double likelihood_kimg = 800;
  double critic_kimg = 100;
  int64_t rollouts = 16;
  int64_t critic_steps = 5;
  bool baseline = true;
  double teacher_weight = 0;

  static void describe(config::Schema<SeqganConfig>& s) {
    s.field("embedding", &SeqganConfig::embedding, "numbers that stand for a token in G")
        .range(1, 4096);
    s.field("hidden", &SeqganConfig::hidden, "width of G's LSTM").range(1, 8192);
    s.field("generator_keep", &SeqganConfig::generator_keep,
            "share of G's embedding and LSTM that dropout keeps while it learns likelihood")
        .above(0)
        .at_most(1);
    s.field("temperature", &SeqganConfig::temperature,
            "of samples that are asked for: below 1 likelier and less varied ones")
        .above(0);
    s.field("critic_embedding", &SeqganConfig::critic_embedding,
            "numbers that stand for a token in D")
        .range(1, 4096);
    s.field("filter_widths", &SeqganConfig::filter_widths, "tokens that D's windows span")
        .at_least(1);
    s.field("filter_maps", &SeqganConfig::filter_maps, "features of each width").at_least(1);
    s.field("critic_keep", &SeqganConfig::critic_keep, "share of D's features that dropout keeps")
        .above(0)
        .at_most(1);
    s.field("critic_l2", &SeqganConfig::critic_l2, "weight of L2 on D's last layer").range(0, 1e6);
    s.field("likelihood_kimg", &SeqganConfig::likelihood_kimg,
            "first part of training: G alone, by maximum likelihood")
        .at_least(0)
        .unit("kimg");
    s.field("critic_kimg", &SeqganConfig::critic_kimg, "second part: D alone, against that G")
        .at_least(0)
        .unit("kimg");
    s.field("rollouts", &SeqganConfig::rollouts, "ways in which each beginning is finished")
        .range(1, 1024);
    s.field("critic_steps", &SeqganConfig::critic_steps, "updates of D for one of G")
        .range(1, 1000);
    s.field("baseline", &SeqganConfig::baseline, "rewards count from the mean of their place");
    s.field("teacher_weight", &SeqganConfig::teacher_weight,
            "weight of likelihood beside the policy gradient")
        .range(0, 1e6);
  }
};

class Seqgan final : public Gan {
 public:
  Seqgan(const SeqganConfig& config, const SampleSpec& spec)
      : Gan(spec),
        config_(config),
        tokens_(token_spec_of(spec)),
        generator_(network("generator", Role::kAveraged,
                           [&] {
                             return std::make_shared<nn::TokenWriter>(
                                 tokens_, nn::TokenWriterSizes{.embedding = config.embedding,
                                                               .hidden = config.hidden,
                                                               .keep = config.generator_keep});
                           })),
        discriminator_(network("discriminator", Role::kTrained, [&] {
          return std::make_shared<nn::TokenCritic>(
              tokens_, nn::TokenCriticSizes{.embedding = config.critic_embedding,
                                            .widths = config.filter_widths,
                                            .maps = config.filter_maps,
                                            .keep = config.critic_keep});
        })) {}

  std::vector<Phase> phases() const override {
    const double critic_from = config_.likelihood_kimg;
    const double game_from = critic_from + config_.critic_kimg;
    return {{.name = "MLE", .networks = {generator_}, .until_kimg = critic_from},
            {.name = "Dpre",
             .networks = {discriminator_},
             .player = "D",
             .from_kimg = critic_from,
             .until_kimg = game_from},
            {.name = "G", .networks = {generator_}, .from_kimg = game_from},
            {.name = "D",
             .networks = {discriminator_},
             .repeats = config_.critic_steps,
             .from_kimg = game_from}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    if (phase.name == "MLE") return {{"nats_per_token", nats(reals.samples)}};
    return phase.name == "G" ? policy_loss(reals, step) : critic_loss(reals, step);
  }

  // Each token is decided by one uniform number.
  Latent latent() const override { return {tokens_.length, Latent::Kind::kUniform, 0, 1}; }

  at::Tensor generate(const Request& request) override {
    return writer(averaged(generator_)).write(request.latents(latent()), config_.temperature);
  }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return discriminator_(samples).squeeze(1);
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_.features(samples);
  }

  at::Tensor log_likelihood(const at::Tensor& samples) override {
    return writer(averaged(generator_)).log_probabilities(samples).sum(1);
  }
  bool knows_likelihood() const override { return true; }

 private:
  static nn::TokenWriter& writer(nn::Module& module) {
    return dynamic_cast<nn::TokenWriter&>(module);
  }

  at::Tensor written(int64_t count, Step& step) {
    return writer(*generator_->module).write(step.uniform({count, tokens_.length}), 1);
  }

  // -log p per token of real text, with dropout.
  at::Tensor nats(const at::Tensor& samples) {
    const at::Tensor known = samples.ge(writer(*generator_->module).first());
    return -writer(*generator_->module).log_probabilities(samples, true).sum() /
           known.sum().clamp_min(1);
  }

  Terms critic_loss(const Batch& reals, Step& step) {
    const at::Tensor fakes = written(reals.size(), step);
    const at::Tensor real = discriminator_(reals.samples);
    const at::Tensor fake = discriminator_(fakes);
    const auto& critic = dynamic_cast<const nn::TokenCritic&>(*discriminator_->module);
    // The mean over reals and fakes, which the L2 term is weighed against.
    return {
        {"adversarial", loss::discriminator(loss::Adversarial::kNonSaturating, real, fake), 0.5},
        {"l2", critic.output_energy(), config_.critic_l2},
        observed("accuracy", loss::accuracy(real, fake)),
        observed("logit/real", real.mean()),
        observed("logit/fake", fake.mean())};
  }

  // D's mean opinion that texts are real, float32 [N] in [0, 1].
  at::Tensor opinion(const at::Tensor& tokens) {
    const at::NoGradGuard no_grad;
    const nn::ForwardScope evaluation(nn::Mode::kEvaluate, nullptr);
    std::vector<at::Tensor> parts;
    for (const at::Tensor& block : tokens.split(kJudgedAtOnce)) {
      parts.push_back(at::sigmoid(discriminator_(block).squeeze(1)));
    }
    return at::cat(parts);
  }

  // What each token of `tokens` is worth, float32 [N, length]; 0 behind the end.
  at::Tensor rewards(const at::Tensor& tokens, Step& step) {
    const at::NoGradGuard no_grad;
    at::Tensor rewards = at::zeros_like(tokens);
    const auto groups = nn::roll_out(writer(averaged(generator_)), tokens, config_.rollouts,
                                     [&](int64_t count) { return step.uniform({count}); });
    for (const nn::RolloutGroup& group : groups) {
      const at::Tensor worth = opinion(group.completed).view({-1, config_.rollouts}).mean(1);
      rewards.select(1, group.kept - 1).index_copy_(0, group.rows, worth);
    }
    const at::Tensor last = (nn::token_counts(tokens) - 1).unsqueeze(1);
    return rewards.scatter_(1, last, opinion(tokens).unsqueeze(1));
  }

  Terms policy_loss(const Batch& reals, Step& step) {
    const at::Tensor tokens = written(reals.size(), step);
    const at::Tensor there = tokens.ne(kPadToken).to(at::kFloat);
    at::Tensor worth = rewards(tokens, step);
    const at::Tensor mean_reward = worth.sum() / there.sum();
    if (config_.baseline) {
      worth = worth - (worth.sum(0) / there.sum(0).clamp_min(1)) * there;
    }
    const at::Tensor log_p = writer(*generator_->module).log_probabilities(tokens);
    // eq. 8, as a mean over tokens.
    Terms terms = {{"policy", -(log_p * worth).sum() / there.sum()},
                   observed("reward", mean_reward),
                   observed("tokens", there.sum() / tokens.size(0))};
    if (config_.teacher_weight > 0)
      terms.push_back({"nats_per_token", nats(reals.samples), config_.teacher_weight});
    return terms;
  }

  SeqganConfig config_;
  TokenSpec tokens_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_seqgan(Registry& registry) {
  registry.add<Seqgan, SeqganConfig>({.name = "seqgan",
                                      .title = "Sequence GAN with policy gradient",
                                      .paper = "Yu et al. 2017, arXiv 1609.05473",
                                      .task = "generation of text",
                                      .domains = {"text"},
                                      .sizes = "any length",
                                      .players = {"MLE", "D", "G"}});
}

}  // namespace ganymede::gans
