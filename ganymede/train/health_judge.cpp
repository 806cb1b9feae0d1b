#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ganymede/train/health.h"

namespace ganymede::train {
namespace {

// Thresholds, with what they were set by (docs/health.md). "Healthy" are runs of gan2014, dcgan and
// wgan_gp on ring8, gaussian, digits, Fashion-MNIST and stacked MNIST.
constexpr double kFalling = 0.99;  // times what it was: progress, however slow; no sampling noise
constexpr double kFarFromReals = 0.15;  // healthy ones fall until they are below, and stay there
constexpr double kSeparated = 0.99;     // of pairs of a real and a fake: D has all but won
constexpr double kWinning = 0.97;       // D's accuracy in training, likewise
constexpr double kGuessing = 0.6;     // D's accuracy, or separation, that is no better than chance
constexpr double kCollapsed = 0.2;    // spread; healthy ones pass it while it grows
constexpr double kGrowing = 1.005;    // times the spread that it was
constexpr double kMoved = 0.3;        // travel that rules out a G which only never began
constexpr double kLostShare = 0.5;    // of the best spread so far; healthy ones lose a third
constexpr double kMissed = 0.4;       // share of reals; healthy ones up to 0.25
constexpr double kLargestGap = 1e3;   // of mean scores; healthy ones below 30, critics below 100
constexpr double kLargestNorm = 1e4;  // of gradients; healthy ones below 200
constexpr double kMemorised = 0.9;    // trained reals above held-out ones; healthy ones below 0.7
constexpr double kPosition = 0.5;     // of held-out reals on the way from reals (0) to fakes (1)
constexpr double kStill = 1e-6;       // relative change of weights; float32 resolves 6e-8

// Comparisons with NaN are false, so that a signal that is not known raises nothing.

bool broken(const HealthSignals& now) { return !now.finite || now.skipped > 0; }

// Where the held-out reals' mean score lies between the fakes' and the reals': r_v of Karras et al.
// 2020, arXiv 2006.06676, sec. 3.
double position_of_holdout(const HealthSignals& now) {
  const double gap = now.score_real - now.score_fake;
  return gap > 0 ? (now.score_real - now.score_holdout) / gap : 0.0;
}

bool exploding(const HealthSignals& now) {
  return broken(now) || std::fabs(now.score_real - now.score_fake) > kLargestGap ||
         now.gradient_norm > kLargestNorm;
}

bool stalled(const HealthSignals& now) { return now.learned_d < kStill && now.learned_g < kStill; }

bool overfitting(const HealthSignals& now) {
  return now.memorised >= kMemorised && position_of_holdout(now) >= kPosition;
}

}  // namespace

bool HealthJudge::falling() const {
  if (recent_.size() <= kTrend) return true;
  return recent_.back().distance < kFalling * recent_.front().distance;
}

// Fakes that are far from the reals and come no nearer.
bool HealthJudge::hopeless() const {
  return recent_.back().distance >= kFarFromReals && !falling();
}

bool HealthJudge::weak() const {
  const HealthSignals& now = recent_.back();
  const double told = std::isnan(now.accuracy) ? now.separation : now.accuracy;
  return told < kGuessing && hopeless();
}

bool HealthJudge::modes_lost() const {
  const HealthSignals& now = recent_.back();
  const bool growing = now.spread > kGrowing * recent_.front().spread;
  // A critic's G may shrink at first while it comes nearer: that is progress.
  const bool collapsed = now.spread < kCollapsed && now.travel >= kMoved && !growing && !falling();
  return collapsed || now.spread < kLostShare * best_spread_ || now.missed >= kMissed;
}

bool HealthJudge::strong() const {
  const HealthSignals& now = recent_.back();
  return now.separation >= kSeparated && !(now.accuracy < kWinning) && hopeless();
}

// What the last look by itself says. Causes come before their effects: a G that nobody teaches also
// loses its modes, and a collapsed G is easy to tell.
HealthWord HealthJudge::first_thought() const {
  const HealthSignals& now = recent_.back();
  if (exploding(now)) return HealthWord::kExploding;
  if (stalled(now)) return HealthWord::kStalled;
  if (overfitting(now)) return HealthWord::kOverfittingD;
  if (weak()) return HealthWord::kWeakD;
  if (modes_lost()) return HealthWord::kModesLost;
  if (strong()) return HealthWord::kStrongD;
  return HealthWord::kOk;
}

const std::optional<Health>& HealthJudge::add(const HealthSignals& now) {
  recent_.push_back(now);
  if (recent_.size() > kTrend + 1) recent_.pop_front();
  best_spread_ = std::fmin(std::fmax(best_spread_, now.spread), 1.0);
  ++looks_;
  const HealthWord thought = first_thought();
  held_ = thought == candidate_ ? held_ + 1 : 1;
  candidate_ = thought;
  if (broken(now)) {
    health_ = Health{thought, {}};
  } else if (looks_ >= kWarmUp && held_ >= kPersistence) {
    health_ = Health{thought, {}};
  } else if (looks_ >= kWarmUp && !health_) {
    health_ = Health{};
  }
  if (health_) health_->numbers = numbers_for(health_->word);
  return health_;
}

std::string HealthJudge::numbers_for(HealthWord word) const {
  const HealthSignals &now = recent_.back(), &before = recent_.front();
  const std::string trend =
      fmt::format("distance {:.3f} after {:.3f}", now.distance, before.distance);
  switch (word) {
    case HealthWord::kStrongD:
    case HealthWord::kWeakD:
      return fmt::format("separation {:.3f}, accuracy {:.3f}, {}", now.separation, now.accuracy,
                         trend);
    case HealthWord::kModesLost:
      return fmt::format("spread {:.3f} of the reals', best {:.3f}, twins {:.2f}, missed {:.2f}",
                         now.spread, best_spread_, now.duplicates, now.missed);
    case HealthWord::kExploding:
      return fmt::format("mean scores {:.3g} and {:.3g}, gradient norm {:.3g}, skipped updates {}",
                         now.score_real, now.score_fake, now.gradient_norm, now.skipped);
    case HealthWord::kOverfittingD:
      return fmt::format(
          "trained reals above held-out reals {:.3f}, held-out at {:.2f} of the way "
          "to the fakes",
          now.memorised, position_of_holdout(now));
    case HealthWord::kStalled:
      return fmt::format("weights changed by {:.1e} in D, {:.1e} in G", now.learned_d,
                         now.learned_g);
    case HealthWord::kOk:
      break;
  }
  return fmt::format("separation {:.3f}, spread {:.3f}, {}", now.separation, now.spread, trend);
}

}  // namespace ganymede::train
