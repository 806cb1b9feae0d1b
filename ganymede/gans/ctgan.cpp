// Conditional tabular GAN: Xu, Skoularidou, Cuesta-Infante, Veeramachaneni 2019, arXiv 1907.00503,
// with the networks and numbers of the authors' code (sdv-dev/CTGAN). Rows come encoded: numbers by
// the modes of a mixture, categories one-hot. Training by sampling: each real row was drawn to
// fulfil a condition, one category of one column, which the generator gets and must obey.
//
// The critic sees `pack` rows at once (PacGAN: Lin et al. 2018, arXiv 1712.04086); the gradient
// penalty is that of the packed vector. Generated rows of a critic step answer the batch's
// conditions in another order, so that packs of both kinds are unpaired, as published. With
// `shared_fakes` G learns from the rows that the critic has just judged (beyond the paper): one
// pass of G for both.
#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/loss/penalty.h"
#include "ganymede/loss/spans.h"
#include "ganymede/nn/table_networks.h"

namespace ganymede::gans {
namespace {

struct CtganConfig {
  int64_t latent_dim = 128;
  std::vector<int64_t> generator_units = {256, 256};
  std::vector<int64_t> critic_units = {256, 256};
  int64_t pack = 10;
  double critic_keep = 0.5;
  double temperature = 0.2;
  double penalty_weight = 10;
  double condition_weight = 1;
  int64_t critic_steps = 1;
  bool shared_fakes = false;

  static void describe(config::Schema<CtganConfig>& s) {
    s.field("latent_dim", &CtganConfig::latent_dim, "size of z ~ N(0, 1)").range(1, 65536);
    s.field("generator_units", &CtganConfig::generator_units,
            "ReLU layers of G, each joined to its input")
        .at_least(1);
    s.field("critic_units", &CtganConfig::critic_units, "leaky ReLU layers of the critic")
        .at_least(1);
    s.field("pack", &CtganConfig::pack, "rows that the critic judges together; divides train.batch")
        .range(1, 1024);
    s.field("critic_keep", &CtganConfig::critic_keep,
            "share of the critic's hidden units that dropout keeps")
        .above(0)
        .at_most(1);
    s.field("temperature", &CtganConfig::temperature, "of the Gumbel-softmax heads").above(0);
    s.field("penalty_weight", &CtganConfig::penalty_weight, "lambda of the gradient penalty")
        .range(0, 1e6);
    s.field("condition_weight", &CtganConfig::condition_weight,
            "of the cross-entropy that makes G obey its condition")
        .range(0, 1e6);
    s.field("critic_steps", &CtganConfig::critic_steps, "updates of the critic for one of G")
        .range(1, 1000);
    s.field("shared_fakes", &CtganConfig::shared_fakes,
            "G learns from the rows of the critic's step instead of fresh ones");
  }
};

class Ctgan final : public Gan {
 public:
  Ctgan(const CtganConfig& config, const SampleSpec& spec)
      : Gan(checked(spec)),
        config_(config),
        width_(spec.shape.at(0)),
        conditions_(spec.condition_width()),
        generator_(network("generator", Role::kAveraged,
                           [&] {
                             return nn::concat_mlp(config.latent_dim + conditions_,
                                                   config.generator_units, width_, conditions_);
                           })),
        critic_(network("critic", Role::kTrained, [&] {
          return nn::dropout_critic(config.pack * (width_ + conditions_), config.critic_units,
                                    config.critic_keep);
        })) {}

  std::vector<Phase> phases() const override {
    return {{.name = "D", .networks = {critic_}, .repeats = config_.critic_steps},
            {.name = "G", .networks = {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    check_pack(reals.size());
    return phase.name == "D" ? critic_loss(reals, step) : generator_loss(reals, step);
  }

  Latent latent() const override { return {config_.latent_dim}; }

  at::Tensor generate(const Request& request) override {
    const at::Tensor z = request.latents(latent());
    const at::Tensor raw = averaged(generator_).forward(joined(z, request.conditions(spec())));
    return nn::activate_spans(raw, spec().spans, config_.temperature, noise(request));
  }

 private:
  static SampleSpec checked(const SampleSpec& spec) {
    bool fits = !spec.spans.empty();
    for (const Span& span : spec.spans) fits = fits && span.kind != Span::Kind::kUnit;
    if (fits) return spec;
    throw UsageError({.where = "ctgan",
                      .found = "samples of the domain " + spec.domain +
                               (spec.spans.empty() ? "" : ", scaled to [0, 1]"),
                      .allowed = "rows of a table, encoded by modes",
                      .remedy = "data.encoding=modes"});
  }

  void check_pack(int64_t rows) const {
    if (rows % config_.pack == 0) return;
    throw UsageError({.where = "gan.pack",
                      .found = std::to_string(config_.pack) + " does not divide a batch of " +
                               std::to_string(rows),
                      .allowed = "a divisor of train.batch / train.accumulate"});
  }

  static at::Tensor joined(const at::Tensor& rows, const at::Tensor& condition) {
    if (!condition.defined()) return rows;
    if (rows.requires_grad()) return at::cat({rows, condition}, 1);
    at::Tensor both = at::empty({rows.size(0), rows.size(1) + condition.size(1)}, rows.options());
    lay_beside(both, rows, condition);
    return both;
  }

  // Faster than joining them where nothing is differentiated.
  static void lay_beside(const at::Tensor& both, const at::Tensor& left, const at::Tensor& right) {
    both.narrow(1, 0, left.size(1)).copy_(left);
    both.narrow(1, left.size(1), right.size(1)).copy_(right);
  }

  at::Tensor packed(const at::Tensor& rows) const {
    return rows.reshape({rows.size(0) / config_.pack, -1});
  }

  // Fakes, then reals, each beside its condition: written once where the critic reads them.
  struct Rows {
    at::Tensor values, condition;
  };
  static at::Tensor stacked(const Rows& fakes, const Batch& reals) {
    const at::Tensor& samples = reals.samples;
    if (!reals.condition.defined()) return at::cat({fakes.values, samples});
    const int64_t width = samples.size(1), conditions = reals.condition.size(1);
    at::Tensor rows = at::empty({2 * samples.size(0), width + conditions}, samples.options());
    const std::vector<at::Tensor> halves = rows.chunk(2);
    lay_beside(halves[0], fakes.values, fakes.condition);
    lay_beside(halves[1], samples, reals.condition);
    return rows;
  }

  struct Made {
    at::Tensor condition;  // what the rows were asked for; undefined without conditions
    at::Tensor raw;        // before the heads
    at::Tensor rows;
  };

  at::Tensor raw_rows(const at::Tensor& condition, int64_t count, Step& step) {
    return generator_(joined(step.latents(latent(), count), condition));
  }
  at::Tensor activated(const at::Tensor& raw, Step& step) const {
    const at::Tensor draws = nn::gumbel_of(step.uniform(raw.sizes()));
    return nn::activate_spans(raw, spec().spans, config_.temperature, draws);
  }
  Made make(const at::Tensor& condition, int64_t count, Step& step) {
    const at::Tensor raw = raw_rows(condition, count, step);
    return {condition, raw, activated(raw, step)};
  }

  static at::Tensor shuffled(const Batch& reals, Step& step) {
    if (!reals.condition.defined()) return {};
    return reals.condition.index_select(0, step.uniform({reals.size()}).argsort());
  }

  // The rows of this step, for both players.
  Made make_once(const Batch& reals, Step& step) {
    const at::Tensor condition = step.once("condition", [&] { return shuffled(reals, step); });
    const at::Tensor raw =
        step.once("raw", [&] { return raw_rows(condition, reals.size(), step); });
    return {condition, raw, step.once("rows", [&] { return activated(raw, step); })};
  }

  Terms critic_loss(const Batch& reals, Step& step) {
    const Made made = config_.shared_fakes ? make_once(reals, step)
                                           : make(shuffled(reals, step), reals.size(), step);
    const int64_t packs = reals.size() / config_.pack;
    const at::Tensor judged = packed(stacked({made.rows.detach(), made.condition}, reals));
    const at::Tensor fakes = judged.narrow(0, 0, packs);
    const at::Tensor samples = judged.narrow(0, packs, packs);
    // Both in one pass: the critic's weights are read once.
    const at::Tensor both = critic_(judged);
    const at::Tensor fake = both.narrow(0, 0, packs);
    const at::Tensor real = both.narrow(0, packs, packs);
    return {{"adversarial", loss::discriminator(loss::Adversarial::kWasserstein, real, fake)},
            {"gradient_penalty", loss::gradient_penalty(critic_, samples, fakes, step.random()),
             config_.penalty_weight},
            observed("logit/real", real.detach().mean()),
            observed("logit/fake", fake.detach().mean())};
  }

  Terms generator_loss(const Batch& reals, Step& step) {
    const Made made =
        config_.shared_fakes ? make_once(reals, step) : make(reals.condition, reals.size(), step);
    const at::Tensor fake = critic_(packed(joined(made.rows, made.condition)));
    Terms terms = {{"adversarial", loss::generator(loss::Adversarial::kWasserstein, fake)}};
    if (made.condition.defined())
      terms.push_back({"condition",
                       loss::condition_cross_entropy(made.raw, made.condition, spec().spans),
                       config_.condition_weight});
    return terms;
  }

  // Gumbel draws of each row's seed, as in training: what a one-hot span's largest entry is, is
  // then a draw from its softmax. Without seeds none: the likeliest category.
  at::Tensor noise(const Request& request) const {
    if (request.seeds.empty()) return {};
    at::Tensor draws = at::empty({request.count(), width_});
    for (int64_t i = 0; i < request.count(); ++i) {
      Stream random(request.seeds[static_cast<size_t>(i)], "gumbel");
      draws[i].copy_(random.uniform({width_}));
    }
    return nn::gumbel_of(draws).to(request.device);
  }

  CtganConfig config_;
  int64_t width_;
  int64_t conditions_;
  NetworkRef generator_;
  NetworkRef critic_;
};

}  // namespace

void register_ctgan(Registry& registry) {
  registry.add<Ctgan, CtganConfig>({.name = "ctgan",
                                    .title = "Conditional tabular GAN",
                                    .paper = "Xu et al. 2019, arXiv 1907.00503",
                                    .task = "generation of table rows",
                                    .domains = {"table"},
                                    .sizes = "any"});
}

}  // namespace ganymede::gans
