// The usual game of two players as data: loss and penalties that a recipe names, their config
// fields, phases and terms. A gan whose players play by nothing else needs no loss code of its own.
#pragma once

#include <vector>

#include "ganymede/config/schema.h"
#include "ganymede/gans/gan.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/loss/penalty.h"

namespace ganymede::gans {

// Base of a gan's config. discriminator_steps: updates of D, each on fresh reals, for one of G.
struct Game : loss::Objective, loss::Penalties {
  using loss::Objective::Objective;
  int64_t discriminator_steps = 1;
};

// Throws UsageError for settings that exclude each other.
void check(const Game& game);

// D (with its penalties), Dreg (lazy penalties: an optimizer step of D of its own) and G.
std::vector<Phase> game_phases(const Game& game, const NetworkRef& discriminator,
                               const NetworkRef& generator);

// Terms of a phase of game_phases(). `judge` is D as a function of samples; `fakes` come from G
// with their graph, which D's phases cut. Reals and fakes pass D one after the other.
Terms game_terms(const Game& game, const Phase& phase, const loss::Critic& judge,
                 const at::Tensor& reals, const at::Tensor& fakes, nn::Module& generator,
                 Step& step);

// Reals with uniform noise in [0, width) against the steps of 8-bit images; 0: themselves.
at::Tensor dequantized(const at::Tensor& reals, double width, Step& step);

// The fields of [gan] that a Game has.
template <class Config>
void describe_game(config::Schema<Config>& s) {
  using loss::Labels;
  using loss::Objective;
  using loss::Penalties;
  s.field("loss", &Objective::loss, "adversarial loss");
  s.field("relative", &Objective::relative,
          "what D judges a sample against: nothing, one sample of the other kind (paired), or "
          "their average");
  s.field("label_real", &Labels::real,
          "D's target for reals (b of least_squares); below 1: one-sided label smoothing")
      .range(-10, 10);
  s.field("label_fake", &Labels::fake, "D's target for fakes (a)").range(-10, 10);
  s.field("label_generator", &Labels::generator, "G's target for its fakes (c)").range(-10, 10);
  s.field("label_flip", &Labels::flip_probability,
          "probability that D is told the opposite of the truth (cross-entropy losses only)")
      .range(0, 1);
  s.field("hinge_margin_low", &Objective::hinge_margin_low,
          "hinge: below 1, margins are drawn between this and 1")
      .range(0, 1);
  s.field("discriminator_steps", &Game::discriminator_steps, "updates of D for one of G")
      .range(1, 1000);
  s.field("penalty", &Penalties::penalty, "penalty on D's slope: docs/losses.md");
  s.field("penalty_weight", &Penalties::penalty_weight, "its weight (gamma, lambda)").at_least(0);
  s.field("penalty_interval", &Penalties::penalty_interval,
          "above 1: lazily, in every so many steps with so many times the weight")
      .range(1, 1000);
  s.field("penalty_target", &Penalties::penalty_target, "gradient: the norm that is aimed at")
      .at_least(0);
  s.field("penalty_one_sided", &Penalties::penalty_one_sided,
          "gradient: smaller norms are not penalised");
  s.field("penalty_points", &Penalties::penalty_points,
          "gradient: between reals and fakes, around reals (DRAGAN), or at reals");
  s.field("weight_clip", &Penalties::weight_clip, "bound of every weight of D; 0: none")
      .at_least(0);
  s.field("orthogonal_weight", &Penalties::orthogonal_weight,
          "weight of the orthogonal penalty on G's filters; 0: none")
      .at_least(0);
}

}  // namespace ganymede::gans
