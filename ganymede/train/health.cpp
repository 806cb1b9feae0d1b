#include "ganymede/train/health.h"

#include <array>
#include <cmath>
#include <utility>

namespace ganymede::train {
namespace {

constexpr std::array kSignals = {
    std::pair{"health/score_real", &HealthSignals::score_real},
    std::pair{"health/score_fake", &HealthSignals::score_fake},
    std::pair{"health/score_holdout", &HealthSignals::score_holdout},
    std::pair{"health/separation", &HealthSignals::separation},
    std::pair{"health/memorised", &HealthSignals::memorised},
    std::pair{"health/spread", &HealthSignals::spread},
    std::pair{"health/distance", &HealthSignals::distance},
    std::pair{"health/duplicates", &HealthSignals::duplicates},
    std::pair{"health/missed", &HealthSignals::missed},
    std::pair{"health/motion", &HealthSignals::motion},
    std::pair{"health/travel", &HealthSignals::travel},
    std::pair{"health/learned_d", &HealthSignals::learned_d},
    std::pair{"health/learned_g", &HealthSignals::learned_g},
    std::pair{"health/accuracy", &HealthSignals::accuracy},
    std::pair{"health/gradient_norm", &HealthSignals::gradient_norm},
    std::pair{"health/skipped", &HealthSignals::skipped},
};

struct WordText {
  const char* name;
  const char* advice;
};

// By code.
constexpr std::array kTexts = {
    WordText{"ok", ""},
    WordText{"D too strong",
             "G learns nothing from a D that is always right: a larger optimizer.G.learning_rate, "
             "a smaller one for D, or train.balance.enabled=true"},
    WordText{"D too weak",
             "D cannot tell reals from fakes that are far from them: a larger "
             "optimizer.D.learning_rate, a wider D, or more updates of D"},
    WordText{"modes lost",
             "G makes a few samples again and again: smaller learning rates, a larger batch or "
             "latent_dim, or a Wasserstein critic (wgan_gp)"},
    WordText{"exploding",
             "smaller learning rates, then gan resume; train.nan=rollback does it by itself"},
    WordText{"overfitting D",
             "D knows its training samples by heart: more data, data.mirror=true, a smaller D, or "
             "stop at the best checkpoint"},
    WordText{"stalled",
             "no weight moves any more: the schedule has ended, or a learning rate is too small"}};

}  // namespace

const char* name_of(HealthWord word) { return kTexts.at(static_cast<size_t>(word)).name; }

const char* advice_for(HealthWord word) { return kTexts.at(static_cast<size_t>(word)).advice; }

StatsLine HealthSignals::line() const {
  StatsLine line = {{"health/finite", finite ? 1.0 : 0.0}};
  for (const auto& [name, member] : kSignals) {
    if (!std::isnan(this->*member)) line[name] = this->*member;
  }
  return line;
}

HealthSignals HealthSignals::of(const StatsLine& line) {
  HealthSignals signals;
  for (const auto& [name, member] : kSignals) {
    if (const auto found = line.find(name); found != line.end()) signals.*member = found->second;
  }
  const auto finite = line.find("health/finite");
  signals.finite = finite == line.end() || finite->second == 1.0;
  return signals;
}

}  // namespace ganymede::train
