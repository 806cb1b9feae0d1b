// One word for how a game goes: from a few signals, what people otherwise guess from curves.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>

#include "ganymede/train/statistics.h"

namespace ganymede::train {

// In the order of their codes in stats.jsonl ("health").
enum class HealthWord {
  kOk,
  kStrongD,       // "D too strong"
  kWeakD,         // "D too weak"
  kModesLost,     // "modes lost"
  kExploding,     // "exploding"
  kOverfittingD,  // "overfitting D"
  kStalled,       // "stalled"
};
const char* name_of(HealthWord word);
// What to do, in one sentence; empty for kOk. docs/health.md says more.
const char* advice_for(HealthWord word);

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// What one judgement looks at; NaN where a gan or its data cannot tell.
struct HealthSignals {
  // Of D's scores: means, and probabilities that a score beats another.
  double score_real = kUnknown;
  double score_fake = kUnknown;
  double score_holdout = kUnknown;
  double separation = kUnknown;  // real above fake: 1 always, 0.5 D cannot tell, 0 D is fooled
  double memorised = kUnknown;   // trained real above held-out real: 0.5 none, 1 always
  // Of the samples: distances are Euclidean between whole samples.
  double spread = kUnknown;      // mean distance between fakes / between reals
  double distance = kUnknown;    // energy coefficient of reals and fakes: 0 equal, 1 far apart
  double duplicates = kUnknown;  // share of fakes with a near twin among the fakes
  double missed = kUnknown;      // share of reals that no fake comes near, though fakes are precise
  double motion = kUnknown;      // of the fakes since the last look / mean distance between reals
  double travel = kUnknown;      // the same since the first step
  // Of some weights of each player: change since the last look / their size.
  double learned_d = kUnknown;
  double learned_g = kUnknown;
  // Of the tick's statistics.
  double accuracy = kUnknown;       // D's, where its loss tells
  double gradient_norm = kUnknown;  // the largest of the players'
  double skipped = 0;               // updates
  bool finite = true;               // scores, samples, losses and norms

  // "health/<signal>" for every signal that is known.
  StatsLine line() const;
  static HealthSignals of(const StatsLine& line);
};

struct Health {
  HealthWord word = HealthWord::kOk;
  std::string numbers;  // "separation 1.000, distance 0.587": what the word rests on
};

// Turns the looks at one run, in order, into its word. No word before kWarmUp looks. A word is
// raised, changed or withdrawn when it has held for kPersistence looks in a row, so that it does
// not flicker; only numbers that are not finite and skipped updates count at once. A pure function
// of the looks: adding them again gives the same words.
class HealthJudge {
 public:
  static constexpr int64_t kWarmUp = 5;
  static constexpr int64_t kPersistence = 3;
  static constexpr size_t kTrend = 4;  // looks over which the distance should fall

  const std::optional<Health>& add(const HealthSignals& now);
  const std::optional<Health>& health() const { return health_; }

 private:
  HealthWord first_thought() const;
  bool falling() const;
  bool hopeless() const;
  bool weak() const;
  bool modes_lost() const;
  bool strong() const;
  std::string numbers_for(HealthWord word) const;

  std::deque<HealthSignals> recent_;  // the last kTrend + 1
  double best_spread_ = 0;            // so far, at most 1
  HealthWord candidate_ = HealthWord::kOk;
  int64_t held_ = 0;  // looks in a row
  int64_t looks_ = 0;
  std::optional<Health> health_;
};

}  // namespace ganymede::train
