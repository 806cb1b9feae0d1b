// The word that follows from signals, for every word, on histories made by hand.
#include "ganymede/train/health.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>
#include <vector>

namespace ganymede::train {
namespace {

using Change = std::function<void(HealthSignals&)>;

// A game that goes well: the fakes come nearer at every look.
HealthSignals healthy(int look) {
  HealthSignals signals;
  signals.score_real = 1.0;
  signals.score_fake = -2.0;
  signals.score_holdout = 0.9;
  signals.separation = 1.0;
  signals.memorised = 0.55;
  signals.distance = 0.6 * std::pow(0.8, look);
  signals.spread = 1.0 - 0.9 * std::pow(0.8, look);
  signals.duplicates = 0;
  signals.missed = 0;
  signals.motion = 0.2;
  signals.travel = 0.1 * look;
  signals.learned_d = 0.05;
  signals.learned_g = 0.05;
  signals.accuracy = 0.98;
  signals.gradient_norm = 30;
  return signals;
}

// The word after each of `looks` looks, from the `first` on changed by `change`; -1 for none.
std::vector<int> words(int looks, int first, const Change& change) {
  HealthJudge judge;
  std::vector<int> words;
  for (int look = 0; look < looks; ++look) {
    HealthSignals signals = healthy(look);
    if (look >= first) change(signals);
    const auto& health = judge.add(signals);
    words.push_back(health ? static_cast<int>(health->word) : -1);
  }
  return words;
}

int last_word(const Change& change) { return words(12, 0, change).back(); }

int code(HealthWord word) { return static_cast<int>(word); }

const Change kNothing = [](HealthSignals&) {};
const Change kStrong = [](HealthSignals& s) { s.distance = 0.5, s.accuracy = 1, s.spread = 0.6; };
const Change kWeak = [](HealthSignals& s) { s.distance = 0.5, s.accuracy = 0.5; };
const Change kCollapse = [](HealthSignals& s) {
  s.distance = 0.5, s.spread = 0.01, s.duplicates = 1, s.travel = 2, s.accuracy = 0.8;
};
const Change kExplosion = [](HealthSignals& s) { s.score_real = 4e4; };
const Change kMemory = [](HealthSignals& s) { s.memorised = 0.99, s.score_holdout = -1.5; };
const Change kStandstill = [](HealthSignals& s) { s.learned_d = 0, s.learned_g = 1e-9; };

TEST(HealthJudge, AGoodGameIsOk) { EXPECT_EQ(last_word(kNothing), code(HealthWord::kOk)); }

TEST(HealthJudge, EveryWordFollowsFromItsSigns) {
  EXPECT_EQ(last_word(kStrong), code(HealthWord::kStrongD));
  EXPECT_EQ(last_word(kWeak), code(HealthWord::kWeakD));
  EXPECT_EQ(last_word(kCollapse), code(HealthWord::kModesLost));
  EXPECT_EQ(last_word(kExplosion), code(HealthWord::kExploding));
  EXPECT_EQ(last_word(kMemory), code(HealthWord::kOverfittingD));
  EXPECT_EQ(last_word(kStandstill), code(HealthWord::kStalled));
}

TEST(HealthJudge, OtherSignsOfTheSameTroubles) {
  EXPECT_EQ(last_word([](HealthSignals& s) { s.gradient_norm = 1e5; }),
            code(HealthWord::kExploding));
  EXPECT_EQ(last_word([](HealthSignals& s) { s.missed = 0.5; }), code(HealthWord::kModesLost));
  // Without an accuracy (a critic has none) separation tells.
  EXPECT_EQ(last_word([](HealthSignals& s) {
              s.accuracy = kUnknown, s.distance = 0.5, s.separation = 0.5;
            }),
            code(HealthWord::kWeakD));
  EXPECT_EQ(last_word([](HealthSignals& s) { s.accuracy = kUnknown, s.distance = 0.5; }),
            code(HealthWord::kStrongD));
  // Half of the best spread is gone.
  EXPECT_EQ(words(20, 15, [](HealthSignals& s) { s.spread = 0.4; }).back(),
            code(HealthWord::kModesLost));
}

TEST(HealthJudge, WhatIsNotTroubleRaisesNothing) {
  const std::vector<Change> fine = {
      // D wins every time, but G gets better.
      [](HealthSignals& s) { s.accuracy = 1, s.separation = 1; },
      // D cannot tell because there is nothing to tell.
      [](HealthSignals& s) { s.accuracy = 0.5, s.separation = 0.5, s.distance = 0.01; },
      // Held-out reals score less, but still as reals.
      [](HealthSignals& s) { s.memorised = 0.95, s.score_holdout = 0.5; },
      // D rests while G learns.
      [](HealthSignals& s) { s.learned_d = 0; },
      // A critic's scores have any size; only the gap counts.
      [](HealthSignals& s) { s.score_real = 5000, s.score_fake = 4950, s.score_holdout = 5000; },
      // Nothing is known.
      [](HealthSignals& s) { s = {}; }};
  for (size_t i = 0; i < fine.size(); ++i) EXPECT_EQ(last_word(fine[i]), 0) << i;
}

TEST(HealthJudge, AGeneratorThatOnlyBeganIsNotCollapsed) {
  // Before the first step all fakes look alike, and move together at first.
  const auto grows = words(12, 0, [look = 0](HealthSignals& s) mutable {
    s.spread = 0.01 * ++look;
    s.travel = 0.5;
    s.duplicates = 1;
  });
  for (const int word : grows) EXPECT_LE(word, 0);
}

TEST(HealthJudge, AGeneratorThatShrinksWhileItComesNearerIsNotCollapsed) {
  // As wgan_gp on stacked MNIST begins: far apart from the reals, all alike, and improving.
  const auto shrinks = words(12, 0, [look = 0](HealthSignals& s) mutable {
    s.spread = 0.05 * std::pow(0.98, ++look);
    s.distance = 0.47 * std::pow(0.96, look);
    s.travel = 1;
  });
  for (const int word : shrinks) EXPECT_LE(word, 0);
}

TEST(HealthJudge, SaysNothingBeforeItHasSeenEnough) {
  const auto strong = words(8, 0, kStrong);
  for (int i = 0; i + 1 < HealthJudge::kWarmUp; ++i) EXPECT_EQ(strong[static_cast<size_t>(i)], -1);
  EXPECT_EQ(strong[4], 0);
  EXPECT_EQ(strong.back(), code(HealthWord::kStrongD));
}

TEST(HealthJudge, AWordIsRaisedAndWithdrawnOnlyWhenItLasts) {
  HealthJudge judge;
  const auto word_after = [&](int look, bool memory) {
    HealthSignals signals = healthy(look);
    if (memory) kMemory(signals);
    return code(judge.add(signals).value_or(Health{}).word);
  };
  for (int look = 0; look < 10; ++look) word_after(look, false);
  // Two in a row are not enough, however often.
  for (int look = 10; look < 30; ++look) EXPECT_EQ(word_after(look, look % 3 != 0), 0) << look;
  EXPECT_EQ(word_after(30, false), 0);
  EXPECT_EQ(word_after(31, true), 0);
  EXPECT_EQ(word_after(32, true), 0);
  EXPECT_EQ(word_after(33, true), code(HealthWord::kOverfittingD));
  EXPECT_EQ(word_after(34, false), code(HealthWord::kOverfittingD));
  EXPECT_EQ(word_after(35, false), code(HealthWord::kOverfittingD));
  EXPECT_EQ(word_after(36, false), 0);
}

TEST(HealthJudge, WhatIsNotFiniteCountsAtOnce) {
  EXPECT_EQ(words(1, 0, [](HealthSignals& s) { s.finite = false; }),
            (std::vector<int>{code(HealthWord::kExploding)}));
  EXPECT_EQ(words(7, 6, [](HealthSignals& s) { s.skipped = 1; }).back(),
            code(HealthWord::kExploding));
}

TEST(HealthJudge, CausesComeBeforeEffects) {
  EXPECT_EQ(last_word([](HealthSignals& s) { kCollapse(s), kExplosion(s); }),
            code(HealthWord::kExploding));
  EXPECT_EQ(last_word([](HealthSignals& s) { kCollapse(s), kWeak(s); }), code(HealthWord::kWeakD));
  EXPECT_EQ(last_word([](HealthSignals& s) { kStrong(s), kStandstill(s); }),
            code(HealthWord::kStalled));
  EXPECT_EQ(last_word([](HealthSignals& s) { kStrong(s), kMemory(s); }),
            code(HealthWord::kOverfittingD));
}

TEST(HealthJudge, NumbersBelongToTheWord) {
  HealthJudge judge;
  for (int look = 0; look < 12; ++look) {
    HealthSignals signals = healthy(look);
    kMemory(signals);
    judge.add(signals);
  }
  EXPECT_EQ(judge.health()->numbers,
            "trained reals above held-out reals 0.990, held-out at 0.83 of the way to the fakes");
}

TEST(HealthWords, HaveNamesAndAdvice) {
  std::set<std::string> names, advice;
  for (int i = 0; i < 7; ++i) {
    names.insert(name_of(static_cast<HealthWord>(i)));
    advice.insert(advice_for(static_cast<HealthWord>(i)));
  }
  EXPECT_EQ(names, (std::set<std::string>{"ok", "D too strong", "D too weak", "modes lost",
                                          "exploding", "overfitting D", "stalled"}));
  EXPECT_EQ(advice.size(), 7U);
  EXPECT_STREQ(advice_for(HealthWord::kOk), "");
}

TEST(HealthSignals, ComeBackFromALine) {
  HealthSignals signals = healthy(3);
  signals.score_holdout = kUnknown;
  signals.finite = false;
  const StatsLine line = signals.line();
  EXPECT_FALSE(line.contains("health/score_holdout"));
  EXPECT_EQ(HealthSignals::of(line).line(), line);
  EXPECT_FALSE(HealthSignals::of(line).finite);
}

}  // namespace
}  // namespace ganymede::train
