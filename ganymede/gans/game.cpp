#include "ganymede/gans/game.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"

namespace ganymede::gans {
namespace {

constexpr const char* kLazyPhase = "Dreg";

bool is_lazy(const Game& game) {
  return game.penalty != loss::Penalty::kNone && game.penalty_interval > 1;
}

void add_penalties(Terms& terms, const Game& game, const loss::Critic& judge,
                   const at::Tensor& reals, const at::Tensor& fakes, Step& step) {
  for (auto& term : loss::penalties(game, judge, reals, fakes, step.random())) {
    terms.push_back({term.name, std::move(term.value), term.weight});
  }
}

Terms discriminator_terms(const Game& game, const loss::Critic& judge, const at::Tensor& reals,
                          const at::Tensor& fakes, Step& step) {
  const at::Tensor real = judge(reals);
  const at::Tensor fake = judge(fakes);
  Terms terms = {{"adversarial", loss::discriminator(game, real, fake, &step.random())}};
  const at::Tensor accuracy = loss::accuracy(game, real, fake);
  if (accuracy.defined()) terms.push_back(observed("accuracy", accuracy));
  terms.push_back(observed("logit/real", real.detach().mean()));
  terms.push_back(observed("logit/fake", fake.detach().mean()));
  if (!is_lazy(game)) add_penalties(terms, game, judge, reals, fakes, step);
  return terms;
}

}  // namespace

void check(const Game& game) {
  loss::check(game);
  if (game.penalty == loss::Penalty::kNone && game.penalty_interval > 1) {
    throw UsageError({.where = "gan.penalty_interval",
                      .found = "an interval without a penalty",
                      .allowed = "1, or a gan.penalty",
                      .remedy = "--set gan.penalty=r1"});
  }
}

std::vector<Phase> game_phases(const Game& game, const NetworkRef& discriminator,
                               const NetworkRef& generator) {
  std::vector<Phase> phases = {{.name = "D",
                                .networks = {discriminator},
                                .repeats = game.discriminator_steps,
                                .weight_clip = game.weight_clip}};
  if (is_lazy(game)) {
    phases.push_back({.name = kLazyPhase,
                      .networks = {discriminator},
                      .interval = game.penalty_interval,
                      .player = "D",
                      .weight_clip = game.weight_clip});
  }
  phases.push_back({.name = "G", .networks = {generator}});
  return phases;
}

Terms game_terms(const Game& game, const Phase& phase, const loss::Critic& judge,
                 const at::Tensor& reals, const at::Tensor& fakes, nn::Module& generator,
                 Step& step) {
  if (phase.name == "D") return discriminator_terms(game, judge, reals, fakes.detach(), step);
  Terms terms;
  if (phase.name == kLazyPhase) {
    add_penalties(terms, game, judge, reals, fakes.detach(), step);
    return terms;
  }
  const at::Tensor fake = judge(fakes);
  const at::Tensor real = loss::needs_reals(game) ? judge(reals) : at::Tensor();
  terms.push_back({"adversarial", loss::generator(game, fake, real)});
  if (game.orthogonal_weight > 0) {
    terms.push_back({"orthogonal", loss::orthogonal_penalty(generator), game.orthogonal_weight});
  }
  return terms;
}

at::Tensor dequantized(const at::Tensor& reals, double width, Step& step) {
  return width == 0 ? reals : reals + step.uniform(reals.sizes(), 0, width);
}

}  // namespace ganymede::gans
